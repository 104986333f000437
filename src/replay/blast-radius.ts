import type { ActionType } from '../actions/action.js';
import type { DecisionRow } from '../decisions/decision-store.js';
import type { Change } from './effects.js';
import type { Replayed } from './replayer.js';

/** A decision to look at; never an address of a person. */
export interface Example {
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly mailbox: string;
}

/** How many messages, and the first few of them. */
export interface Count {
  readonly messages: number;
  readonly examples: readonly Example[];
}

export interface RuleChange {
  readonly rule: string;
  /** It is not in the new set. */
  readonly isRemoved: boolean;
  readonly newlyMatches: Count;
  readonly noLongerMatches: Count;
  readonly open: Count;
}

export interface ActionChange {
  readonly type: ActionType;
  /** The custom field; null for any other type. */
  readonly field: string | null;
  readonly added: Count;
  readonly removed: Count;
  readonly changed: Count;
  readonly open: Count;
}

/** What a rule set would have changed. Each message is in one of the totals. */
export interface BlastRadius {
  readonly messages: number;
  readonly same: number;
  readonly changed: number;
  /** As far as it can be told the same, but what a rule reads was masked, or nobody was looked up then. */
  readonly open: number;
  readonly withoutFacts: number;
  readonly rules: readonly RuleChange[];
  readonly actions: readonly ActionChange[];
  /** The same would be done in another order, or by actions of other names. */
  readonly reordered: Count;
}

const MAX_EXAMPLES = 3;

class Counter implements Count {
  messages = 0;
  readonly examples: Example[] = [];

  add({ id, decidedAt, mailbox }: DecisionRow): void {
    this.messages += 1;
    if (this.examples.length < MAX_EXAMPLES) this.examples.push({ id, at: new Date(decidedAt).toISOString(), mailbox });
  }
}

type RuleCounters = Record<'newlyMatches' | 'noLongerMatches' | 'open', Counter>;
type ActionCounters = Record<Change['how'] | 'open', Counter>;

/** Sums up what happens to message after message. */
export class BlastRadiusTally {
  readonly #verdicts = { same: 0, changed: 0, open: 0, no_facts: 0 };
  readonly #rules = new Map<string, RuleCounters>();
  readonly #actions = new Map<string, { type: ActionType; field: string | null; counters: ActionCounters }>();
  readonly #reordered = new Counter();

  add(row: DecisionRow, replayed: Replayed): void {
    this.#verdicts[replayed.verdict] += 1;
    for (const name of replayed.newlyMatching) this.#rule(name).newlyMatches.add(row);
    for (const name of replayed.noLongerMatching) this.#rule(name).noLongerMatches.add(row);
    for (const name of replayed.openRules) this.#rule(name).open.add(row);
    // Two tags more are one message more.
    const seen = new Set<Counter>();
    for (const { type, field, how } of replayed.changes) seen.add(this.#action(type, field)[how]);
    for (const field of replayed.open.fields) seen.add(this.#action('setCustomFields', field).open);
    for (const type of replayed.open.types) seen.add(this.#action(type, null).open);
    if (replayed.isReordered) seen.add(this.#reordered);
    for (const counter of seen) counter.add(row);
  }

  /** @param ruleNames of the new set */
  sum(ruleNames: ReadonlySet<string>): BlastRadius {
    const { same, changed, open, no_facts: withoutFacts } = this.#verdicts;
    return {
      messages: same + changed + open + withoutFacts,
      same,
      changed,
      open,
      withoutFacts,
      rules: [...this.#rules]
        .map(([rule, counters]) => ({ rule, isRemoved: !ruleNames.has(rule), ...counters }))
        .toSorted((a, b) => compareTexts(a.rule, b.rule)),
      actions: [...this.#actions.values()]
        .map(({ type, field, counters }) => ({ type, field, ...counters }))
        .toSorted((a, b) => compareTexts(a.type, b.type) || compareTexts(a.field ?? '', b.field ?? '')),
      reordered: this.#reordered,
    };
  }

  #rule(name: string): RuleCounters {
    const known = this.#rules.get(name);
    if (known !== undefined) return known;
    const counters = { newlyMatches: new Counter(), noLongerMatches: new Counter(), open: new Counter() };
    this.#rules.set(name, counters);
    return counters;
  }

  #action(type: ActionType, field: string | null): ActionCounters {
    const key = JSON.stringify([type, field]);
    const known = this.#actions.get(key);
    if (known !== undefined) return known.counters;
    const counters = { added: new Counter(), removed: new Counter(), changed: new Counter(), open: new Counter() };
    this.#actions.set(key, { type, field, counters });
    return counters;
  }
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
