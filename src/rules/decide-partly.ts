import { type PathSegments, pathsOverlap } from '../facts/fact-path.js';
import type { Facts } from '../facts/facts.js';
import { HIDDEN, TRUE, type Truth, UNKNOWN } from './compile-condition.js';
import { reasonToSkip } from './decide.js';
import type { Rule } from './rule.js';
import type { RuleSet } from './rule-set.js';

/** What can be told of a decision when not all of its facts can be seen. Every list is in rule order. */
export interface PartialDecision {
  /** Rules that match for certain, shadow rules included. */
  readonly matched: readonly Rule[];
  /** Rules that may or may not match, shadow rules included. */
  readonly open: readonly Rule[];
  /** Rules whose actions go out for certain. */
  readonly acting: readonly Rule[];
  /** Rules whose actions may go out. */
  readonly maybeActing: readonly Rule[];
  /** Where the facts do not say what they were. */
  readonly hidden: readonly PathSegments[];
}

/** What is known of a rule's condition otherwise, by its name. */
export type KnownTruths = ReadonlyMap<string, Truth>;

const NOTHING_KNOWN: KnownTruths = new Map();
const OF_LOOKUP: readonly PathSegments[] = [['customer'], ['lookup']];
const MAX_KNOWN = 1_000;

/**
 * Decides as `decide` does, but over facts of which something is hidden: what it tells holds whatever is there. Where nobody was looked up
 * then, the customer is hidden too, since these rules may have asked for the look-up.
 */
export class PartialDecider {
  /** Which slots are hidden, by the places that are: most messages have the same. */
  readonly #hidden = new Map<string, Uint8Array>();

  constructor(private readonly ruleSet: RuleSet) {}

  decide(facts: Facts, masked: readonly PathSegments[], known = NOTHING_KNOWN): PartialDecision {
    const { program } = this.ruleSet;
    if (facts.lookup.state !== 'skipped') {
      const reading = program.readPartly(facts, this.#hide(masked), false);
      return new PartialRound(this.ruleSet, facts, { live: reading, shadow: reading }, masked, known).run();
    }
    const hidden = [...masked, ...OF_LOOKUP];
    const live = program.readPartly(facts, this.#hide(hidden), false);
    // A shadow rule causes no look-up: where none was made, it cannot tell.
    const shadow = program.readPartly(facts, this.#hide(masked), true);
    return new PartialRound(this.ruleSet, facts, { live, shadow }, hidden, known).run();
  }

  #hide(places: readonly PathSegments[]): Uint8Array {
    const key = JSON.stringify(places);
    const known = this.#hidden.get(key);
    if (known !== undefined) return known;
    if (this.#hidden.size >= MAX_KNOWN) this.#hidden.clear();
    const hidden = this.ruleSet.program.hide(places);
    this.#hidden.set(key, hidden);
    return hidden;
  }
}

type Readings = Readonly<Record<Rule['mode'], ReturnType<RuleSet['program']['readPartly']>>>;

/** One message's way through the rules, in their order. */
class PartialRound {
  readonly #matched: Rule[] = [];
  readonly #open: Rule[] = [];
  readonly #acting: Rule[] = [];
  readonly #maybeActing: Rule[] = [];
  /** Shadow rules that need a look-up which was not made. */
  readonly #undecided: Rule[] = [];
  /** By exclusive group: whether an earlier rule has it, or may have it. */
  readonly #groups = new Map<string, 'taken' | 'maybe'>();
  #stopped: 'no' | 'maybe' | 'yes' = 'no';

  constructor(
    private readonly ruleSet: RuleSet,
    private readonly facts: Facts,
    private readonly readings: Readings,
    private readonly hidden: readonly PathSegments[],
    private readonly known: KnownTruths,
  ) {}

  run(): PartialDecision {
    const now = Date.parse(this.facts.now);
    const { rules, program } = this.ruleSet;
    program.index.forEachCandidate(this.readings.live, (position) => {
      const rule = rules[position]!;
      if (reasonToSkip(rule, this.facts.message.mailbox, now) === null) this.#judge(position, rule);
      return this.#stopped !== 'yes';
    });
    const mayLookUp = this.facts.lookup.state === 'skipped' && this.#mayNeedLookup();
    const open = mayLookUp ? [...this.#open, ...this.#undecided] : this.#open;
    return {
      matched: this.#matched,
      open,
      acting: this.#acting,
      maybeActing: this.#maybeActing,
      hidden: this.hidden,
    };
  }

  #judge(position: number, rule: Rule): void {
    const seen = this.ruleSet.program.conditions[position]!.evaluate(this.readings[rule.mode]);
    const truth = seen === HIDDEN ? (this.known.get(rule.name) ?? HIDDEN) : seen;
    const group = rule.exclusive === null ? undefined : this.#groups.get(rule.exclusive);
    if (group === 'taken') return;
    if (truth === UNKNOWN && rule.mode === 'shadow') this.#undecided.push(rule);
    const holds = truth === TRUE || (truth === UNKNOWN && rule.onUnknown === 'match');
    if (!holds && truth !== HIDDEN) return;
    const isCertain = holds && group === undefined && this.#stopped === 'no';
    // One that is undecided may act, but does not match.
    if (truth !== UNKNOWN) (isCertain ? this.#matched : this.#open).push(rule);
    if (rule.mode === 'live') this.#act(rule, { holds, isCertain, isFirstOfGroup: group === undefined });
  }

  #act(rule: Rule, { holds, isCertain, isFirstOfGroup }: Record<'holds' | 'isCertain' | 'isFirstOfGroup', boolean>) {
    (isCertain ? this.#acting : this.#maybeActing).push(rule);
    // When this rule holds, it has the group, or an earlier one has it: nobody after it.
    if (rule.exclusive !== null) this.#groups.set(rule.exclusive, holds ? 'taken' : 'maybe');
    if (!rule.stop) return;
    if (holds && isFirstOfGroup) this.#stopped = 'yes';
    else if (this.#stopped === 'no') this.#stopped = 'maybe';
  }

  #mayNeedLookup(): boolean {
    const readsIt = ({ actions }: Rule) =>
      actions.some(({ variables }) =>
        variables.some(({ segments }) => OF_LOOKUP.some((place) => pathsOverlap(place, segments))),
      );
    return this.#maybeActing.length > 0 || this.#acting.some(readsIt);
  }
}
