import type { CompiledCondition, Reading } from './compile-condition.js';
import type { MailboxFilter, Rule } from './rule.js';

/** What a rule cannot match without: the value at a slot is one of these. */
interface Need {
  readonly slot: number;
  readonly values: readonly unknown[];
}

interface Posting {
  readonly slot: number;
  /** Rules by the value that they need, as positions in rule order. */
  readonly byValue: ReadonlyMap<unknown, readonly number[]>;
  readonly all: readonly number[];
}

/**
 * Which rules can match at all, by the equality and membership conditions that they cannot match without, and by their
 * mailboxes, so that the cost of a decision grows with the rules that can match and not with the rules there are.
 */
export class RuleIndex {
  readonly #size: number;
  /** Bit per rule: those that no need excludes. */
  readonly #always: Uint32Array;
  readonly #postings: readonly Posting[];
  readonly #byMailbox: ReadonlyMap<string, readonly number[]>;
  /** Reused by every call: selecting is synchronous. */
  readonly #selected: Uint32Array;

  constructor(rules: readonly Rule[], conditions: readonly CompiledCondition[]) {
    this.#size = rules.length;
    this.#always = new Uint32Array(Math.ceil(rules.length / 32));
    this.#selected = new Uint32Array(this.#always.length);
    const finder = new Needs();
    const needs = conditions.map((condition) => finder.of(condition));
    const counts = countUses(needs, rules);
    const postings = new Map<number, { byValue: Map<unknown, number[]>; all: number[] }>();
    const byMailbox = new Map<string, number[]>();
    rules.forEach((rule, position) => {
      if (!rule.enabled) return;
      const need = needs[position]!.toSorted((a, b) => costOf(counts, a) - costOf(counts, b))[0];
      const mailboxes = mailboxKeys(rule.mailboxes);
      if (need === undefined && mailboxes === null) setBit(this.#always, position);
      else if (need === undefined || (mailboxes !== null && mailboxCost(counts, mailboxes) < costOf(counts, need))) {
        for (const key of mailboxes ?? []) append(byMailbox, key, position);
      } else {
        const posting = postings.get(need.slot) ?? { byValue: new Map<unknown, number[]>(), all: [] };
        postings.set(need.slot, posting);
        posting.all.push(position);
        for (const value of new Set(need.values)) append(posting.byValue, value, position);
      }
    });
    this.#byMailbox = byMailbox;
    this.#postings = [...postings].map(([slot, posting]) => ({ slot, ...posting }));
  }

  /** Calls back for each rule that can match, in rule order, until the callback returns false. */
  forEachCandidate(reading: Reading, visit: (position: number) => boolean): void {
    const selected = this.#select(reading);
    for (let word = 0; word < selected.length; word++) {
      let bits = selected[word]!;
      while (bits !== 0) {
        const lowest = bits & -bits;
        bits ^= lowest;
        const position = word * 32 + (31 - Math.clz32(lowest));
        if (position < this.#size && !visit(position)) return;
      }
    }
  }

  #select(reading: Reading): Uint32Array {
    const selected = this.#selected;
    selected.set(this.#always);
    const { mailbox } = reading.facts.message;
    setBits(selected, this.#byMailbox.get(mailbox));
    setBits(selected, this.#byMailbox.get(mailbox.slice(mailbox.lastIndexOf('@'))));
    for (const { slot, byValue, all } of this.#postings) {
      // Nothing can be excluded by what nobody could look up, or may see: those rules are undecided.
      setBits(selected, reading.isOpen(slot) ? all : byValue.get(reading.value(slot)));
    }
    return selected;
  }
}

/** Named conditions are shared, and may be shared many times over: each is looked at once, and counts once. */
class Needs {
  readonly #known = new Map<CompiledCondition, readonly Need[]>();

  of(condition: CompiledCondition): readonly Need[] {
    const known = this.#known.get(condition) ?? this.#find(condition);
    this.#known.set(condition, known);
    return known;
  }

  #find({ kind, children, leaf }: CompiledCondition): readonly Need[] {
    switch (kind) {
      case 'all':
        return [...new Set(children.flatMap((child) => this.of(child)))];
      case 'any':
        return this.#common(children);
      case 'leaf':
        return leaf === null || leaf.mustBeOneOf === null ? [] : [{ slot: leaf.slot, values: leaf.mustBeOneOf }];
      case 'not':
        return [];
      default:
        return kind satisfies never;
    }
  }

  /** Alternatives that all need the same slot need one of their values together. */
  #common(children: readonly CompiledCondition[]): readonly Need[] {
    const [first, ...others] = children.map((child) => this.of(child));
    return (first ?? []).flatMap(({ slot, values }) => {
      const same = others.map((needs) => needs.find((need) => need.slot === slot));
      if (same.includes(undefined)) return [];
      return [{ slot, values: [...new Set([...values, ...same.flatMap((need) => need!.values)])] }];
    });
  }
}

type Counts = Map<string | number, Map<unknown, number>>;
const MAILBOX = 'mailbox';

/** How many rules need each value: the rarer, the better it excludes. */
function countUses(needs: readonly (readonly Need[])[], rules: readonly Rule[]): Counts {
  const counts: Counts = new Map();
  const count = (key: string | number, value: unknown) => {
    const values = counts.get(key) ?? new Map<unknown, number>();
    counts.set(key, values.set(value, (values.get(value) ?? 0) + 1));
  };
  for (const { slot, values } of needs.flat()) for (const value of values) count(slot, value);
  for (const { mailboxes } of rules) for (const key of mailboxKeys(mailboxes) ?? []) count(MAILBOX, key);
  return counts;
}

function costOf(counts: Counts, { slot, values }: Need): number {
  return values.reduce<number>((sum, value) => sum + (counts.get(slot)?.get(value) ?? 0), 0);
}

function mailboxCost(counts: Counts, keys: readonly string[]): number {
  return keys.reduce((sum, key) => sum + (counts.get(MAILBOX)?.get(key) ?? 0), 0);
}

function mailboxKeys(filter: MailboxFilter | null): string[] | null {
  return filter === null ? null : [...filter.addresses, ...[...filter.domains].map((domain) => `@${domain}`)];
}

function append<Key>(map: Map<Key, number[]>, key: Key, position: number): void {
  const positions = map.get(key);
  if (positions === undefined) map.set(key, [position]);
  else positions.push(position);
}

function setBit(bits: Uint32Array, position: number): void {
  bits[position >>> 5]! |= 1 << (position & 31);
}

function setBits(bits: Uint32Array, positions: readonly number[] | undefined): void {
  if (positions === undefined) return;
  for (let index = 0; index < positions.length; index++) setBit(bits, positions[index]!);
}
