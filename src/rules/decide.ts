import type { Facts } from '../facts/facts.js';
import { Reading, TRUE, type Truth, UNKNOWN } from './compile-condition.js';
import { findNearMiss, findWhy } from './find-why.js';
import { isForMailbox, type Rule } from './rule.js';
import type { RuleSet } from './rule-set.js';
import type { Decision, Explanation, RuleVerdict, SkipReason, Why } from './verdict.js';

/**
 * Decides the rules over the facts. Pure and synchronous: equal facts give an equal decision, whatever else the process does.
 * Only rules that can match are looked at (`RuleIndex`).
 *
 * A condition that reads `customer` while the CRM is unavailable is unknown; the rule is then decided by three-valued
 * logic, or is `undecided`.
 */
export function decide(ruleSet: RuleSet, facts: Facts): Decision {
  const verdicts: RuleVerdict[] = [];
  const round = new Round(ruleSet, facts);
  ruleSet.program.index.forEachCandidate(round.reading, (position) => {
    const verdict = round.judge(position);
    if (verdict !== null) verdicts.push(verdict);
    return round.stoppedBy === null;
  });
  return { revision: ruleSet.revision, verdicts, acting: round.acting };
}

/**
 * Whether the look-up can still change what happens to a message: a live rule would decide or write otherwise by it. What the facts say of
 * customer and look-up is not read.
 */
export function needsLookup(ruleSet: RuleSet, facts: Facts): boolean {
  const round = new Round(ruleSet, facts, ruleSet.program.readBeforeLookup(facts));
  let isNeeded = false;
  ruleSet.program.index.forEachCandidate(round.reading, (position) => {
    isNeeded = round.dependsOnLookup(position);
    return !isNeeded && round.stoppedBy === null;
  });
  return isNeeded;
}

/** The verdict of every rule, those included that could not match, each with its why. Decides as `decide` does. */
export function explain(ruleSet: RuleSet, facts: Facts): Explanation[] {
  const round = new Round(ruleSet, facts);
  return ruleSet.rules.map((rule, position) => {
    const verdict = round.judge(position) ?? { ...subjectOf(rule), verdict: 'not_matched', why: round.why(position) };
    const isOpen = verdict.verdict === 'not_matched' || verdict.verdict === 'undecided';
    return {
      ...verdict,
      nearMiss: isOpen ? findNearMiss(ruleSet, ruleSet.program.conditions[position]!, round.reading) : null,
    };
  });
}

/** One message's way through the rules, in their order. */
class Round {
  readonly acting: Rule[] = [];
  stoppedBy: string | null = null;
  readonly #now: number;
  #groupWinners: Map<string, string> | undefined;
  #withoutLookup: Reading | undefined;

  constructor(
    private readonly ruleSet: RuleSet,
    facts: Facts,
    readonly reading: Reading = ruleSet.program.read(facts),
  ) {
    this.#now = Date.parse(facts.now);
  }

  /** Whether a rule's part in what happens is open until the look-up; takes its part when it is settled. */
  dependsOnLookup(position: number): boolean {
    const rule = this.ruleSet.rules[position]!;
    if (rule.mode !== 'live' || this.#reasonToSkip(rule) !== null || this.#winnerOver(rule) !== undefined) return false;
    const truth: Truth = this.ruleSet.program.conditions[position]!.evaluate(this.reading);
    if (truth === UNKNOWN) return true;
    if (truth === TRUE && rule.actions.some(({ reads }) => reads.has('customer') || reads.has('lookup'))) return true;
    if (truth === TRUE) this.#act(rule);
    return false;
  }

  /** The verdict of a rule, and its part in what follows; null when it simply does not match. */
  judge(position: number): RuleVerdict | null {
    const rule = this.ruleSet.rules[position]!;
    if (this.stoppedBy !== null)
      return { ...subjectOf(rule), verdict: 'skipped', skipped: 'after_stop', lostTo: this.stoppedBy, why: null };
    const skipped = this.#reasonToSkip(rule);
    if (skipped !== null) return { ...subjectOf(rule), verdict: 'skipped', skipped, why: null };
    const truth = this.#truth(position, rule);
    const matches = truth === TRUE || (truth === UNKNOWN && rule.onUnknown === 'match');
    if (!matches && truth !== UNKNOWN) return null;
    const why = this.why(position);
    const winner = matches ? this.#winnerOver(rule) : undefined;
    if (winner !== undefined)
      return { ...subjectOf(rule), verdict: 'skipped', skipped: 'lost_group', lostTo: winner, why };
    if (matches && rule.mode === 'live') this.#act(rule);
    return { ...subjectOf(rule), verdict: truth === UNKNOWN ? 'undecided' : 'matched', why };
  }

  why(position: number): Why | null {
    const reading = this.#readingFor(this.ruleSet.rules[position]!);
    return findWhy(this.ruleSet, this.ruleSet.program.conditions[position]!, reading);
  }

  #truth(position: number, rule: Rule): Truth {
    return this.ruleSet.program.conditions[position]!.evaluate(this.#readingFor(rule));
  }

  /** A shadow rule causes no look-up: where none was made, it cannot tell. */
  #readingFor({ mode }: Rule): Reading {
    if (mode === 'live' || this.reading.facts.lookup.state !== 'skipped') return this.reading;
    return (this.#withoutLookup ??= this.ruleSet.program.readBeforeLookup(this.reading.facts));
  }

  #winnerOver({ exclusive }: Rule): string | undefined {
    return exclusive === null ? undefined : this.#groupWinners?.get(exclusive);
  }

  #act(rule: Rule): void {
    this.acting.push(rule);
    if (rule.exclusive !== null) (this.#groupWinners ??= new Map()).set(rule.exclusive, rule.name);
    if (rule.stop) this.stoppedBy = rule.name;
  }

  #reasonToSkip(rule: Rule): SkipReason | null {
    return reasonToSkip(rule, this.reading.facts.message.mailbox, this.#now);
  }
}

/** Why a rule is not even asked; null when it is. */
export function reasonToSkip(rule: Rule, mailbox: string, nowMs: number): SkipReason | null {
  if (!rule.enabled) return 'disabled';
  if (!isForMailbox(rule.mailboxes, mailbox)) return 'other_mailbox';
  const { validFrom, validUntil } = rule;
  const isWithin = (validFrom === null || nowMs >= validFrom) && (validUntil === null || nowMs < validUntil);
  return isWithin ? null : 'outside_dates';
}

function subjectOf({ name, mode, location }: Rule): Pick<RuleVerdict, 'rule' | 'mode' | 'location'> {
  return { rule: name, mode, location };
}
