import type { Almanac } from 'json-rules-engine';
import type { Facts } from '../facts/facts.js';
import { type EvaluatedCondition, evaluateRule, FactAlmanac, isListReference, isTimed } from './engine.js';
import { isForMailbox, type Rule, type SourceLocation } from './rule.js';
import type { RuleSet } from './rule-set.js';
import { parsePath, formatPath } from '../facts/fact-path.js';

export type VerdictKind = 'matched' | 'not_matched' | 'skipped' | 'undecided';
export type SkipReason = 'disabled' | 'other_mailbox' | 'outside_dates' | 'lost_group' | 'after_stop';

/** The condition that decided, and what it saw. `read` is personal data: it is shown on demand, never logged. */
export interface Why {
  readonly location: SourceLocation;
  readonly fact: string;
  readonly operator: string;
  readonly wanted: unknown;
  readonly read: unknown;
}

export interface RuleVerdict {
  readonly rule: string;
  readonly mode: Rule['mode'];
  readonly location: SourceLocation;
  readonly verdict: VerdictKind;
  /** Present when skipped. */
  readonly skipped?: SkipReason;
  /** The rule that won the group or stopped the rest. */
  readonly lostTo?: string;
  readonly why: Why | null;
}

export interface Decision {
  readonly revision: string;
  /** One per rule, in rule order. */
  readonly verdicts: readonly RuleVerdict[];
  /** The rules whose actions go out, in order. */
  readonly acting: readonly Rule[];
}

/**
 * Decides every rule of the set over the facts. Pure: equal facts give an equal decision, whatever else the process does.
 *
 * A condition that reads `customer` while the CRM is unavailable is unknown; the rule is then decided by three-valued
 * logic, or is `undecided`.
 */
export async function decide(ruleSet: RuleSet, facts: Facts): Promise<Decision> {
  const almanac = new FactAlmanac(facts);
  const verdicts: RuleVerdict[] = [];
  const acting: Rule[] = [];
  const groupWinners = new Map<string, string>();
  let stoppedBy: string | undefined;
  for (const rule of ruleSet.rules) {
    const subject = { rule: rule.name, mode: rule.mode, location: rule.location };
    const skip = stoppedBy === undefined ? reasonToSkip(rule, facts) : 'after_stop';
    if (skip !== null) {
      verdicts.push({
        ...subject,
        verdict: 'skipped',
        skipped: skip,
        ...(stoppedBy ? { lostTo: stoppedBy } : {}),
        why: null,
      });
      continue;
    }
    const { verdict, why } = await judge(ruleSet, rule, almanac, facts);
    const matches = verdict === 'matched' || (verdict === 'undecided' && rule.onUnknown === 'match');
    const winner = matches && rule.exclusive !== null ? groupWinners.get(rule.exclusive) : undefined;
    if (winner !== undefined) {
      verdicts.push({ ...subject, verdict: 'skipped', skipped: 'lost_group', lostTo: winner, why });
      continue;
    }
    verdicts.push({ ...subject, verdict, why });
    if (!matches || rule.mode === 'shadow') continue;
    acting.push(rule);
    if (rule.exclusive !== null) groupWinners.set(rule.exclusive, rule.name);
    if (rule.stop) stoppedBy = rule.name;
  }
  return { revision: ruleSet.revision, verdicts, acting };
}

function reasonToSkip(rule: Rule, facts: Facts): SkipReason | null {
  if (!rule.enabled) return 'disabled';
  if (!isForMailbox(rule.mailboxes, facts.message.mailbox)) return 'other_mailbox';
  const now = Date.parse(facts.now);
  const isWithin =
    (rule.validFrom === null || now >= rule.validFrom) && (rule.validUntil === null || now < rule.validUntil);
  return isWithin ? null : 'outside_dates';
}

async function judge(
  ruleSet: RuleSet,
  rule: Rule,
  almanac: Almanac,
  facts: Facts,
): Promise<{ verdict: VerdictKind; why: Why | null }> {
  const isCustomerUnknown = facts.lookup.state === 'unavailable';
  let outcome: Outcome;
  try {
    outcome = fold(await evaluateRule(rule.conditions, almanac), isCustomerUnknown);
  } catch {
    // An operator met a value that it cannot compare, such as a list that is a text on this record. The other rules go on.
    return { verdict: 'not_matched', why: null };
  }
  const why = outcome.leaf === null ? null : explain(outcome.leaf, ruleSet);
  if (outcome.truth === 'unknown') return { verdict: 'undecided', why };
  return { verdict: outcome.truth ? 'matched' : 'not_matched', why };
}

type Truth = boolean | 'unknown';

/** A condition's truth and the leaf that settled it; null when no single one did. */
interface Outcome {
  readonly truth: Truth;
  readonly leaf: EvaluatedCondition | null;
}

/** Three-valued logic over an evaluated tree: a false decides an `all`, a true decides an `any`, whatever is unknown. */
function fold(condition: EvaluatedCondition, isCustomerUnknown: boolean): Outcome {
  if (condition.not !== undefined) {
    const { truth, leaf } = fold(condition.not, isCustomerUnknown);
    return { truth: truth === 'unknown' ? truth : !truth, leaf };
  }
  if (condition.all !== undefined) return foldGroup(condition.all, false, isCustomerUnknown);
  if (condition.any !== undefined) return foldGroup(condition.any, true, isCustomerUnknown);
  const isUnknown = isCustomerUnknown && readsCustomer(condition);
  return { truth: isUnknown ? 'unknown' : condition.result === true, leaf: condition };
}

function foldGroup(children: readonly EvaluatedCondition[], deciding: boolean, isCustomerUnknown: boolean): Outcome {
  const outcomes = children.map((child) => fold(child, isCustomerUnknown));
  const decided = outcomes.find(({ truth }) => truth === deciding) ?? outcomes.find(({ truth }) => truth === 'unknown');
  if (decided !== undefined) return decided;
  return { truth: !deciding, leaf: outcomes.length === 1 ? outcomes[0]!.leaf : null };
}

function readsCustomer({ fact, value }: EvaluatedCondition): boolean {
  if (fact === 'customer') return true;
  return typeof value === 'object' && value !== null && (value as { fact?: unknown }).fact === 'customer';
}

function explain(leaf: EvaluatedCondition, ruleSet: RuleSet): Why | null {
  const location = ruleSet.conditionLocations[leaf.at];
  if (location === undefined) return null;
  const path = leaf.path === undefined ? [] : (parsePath(leaf.path) ?? []);
  const { fact = '', operator = '', value, valueResult, factResult } = leaf;
  const wanted = writtenValue(value) ?? valueResult;
  return { location, fact: formatPath([fact, ...path]), operator, wanted, read: factResult };
}

/** The value as its author wrote it, where the engine holds something else; undefined where it does not. */
function writtenValue(value: unknown): unknown {
  if (isTimed(value)) return value.params.value;
  return isListReference(value) ? parsePath(value.path)?.[0] : undefined;
}
