import type { Suppressed } from '../actions/compose-actions.js';
import { parsePath, pathsOverlap, readPath } from '../facts/fact-path.js';
import type { Facts } from '../facts/facts.js';
import type { RuleVerdict, Why } from '../rules/verdict.js';
import type { AddressHash } from '../shared/address-hash.js';
import { formatPointer, type Pointer, replaceAt } from './masks.js';

/** The facts that are kept: reference lists belong to the rules. */
export type KeptFacts = Omit<Facts, 'lists'>;

/** What a condition saw, unless it must not be kept. */
export interface KeptWhy extends Omit<Why, 'read'> {
  readonly read?: unknown;
  readonly isMasked: boolean;
}

export interface KeptVerdict extends Omit<RuleVerdict, 'why'> {
  readonly why: KeptWhy | null;
}

/** How a decision came about, for people and for replays; free of what is masked. */
export interface DecisionRecord {
  readonly conversationId: string | null;
  /** Live and shadow rules that matched, lost their group or are undecided. */
  readonly verdicts: readonly KeptVerdict[];
  readonly suppressed: readonly Suppressed[];
  readonly timings: { readonly lookupMs: number; readonly totalMs: number };
  /** Null when no rule was asked. */
  readonly facts: KeptFacts | null;
  /** JSON Pointers into `facts`: what is there is not what it was. */
  readonly masked: readonly string[];
}

export interface MaskOptions {
  /** What is taken away beside addresses and body. */
  readonly masks: readonly Pointer[];
  readonly keepBody: boolean;
  /** Null keeps addresses as they are. */
  readonly addressHash: AddressHash | null;
}

const BODY: Pointer = ['message', 'bodyText'];
/** Where addresses stand; a mailbox is no person's. */
const ADDRESSES: readonly Pointer[] = [
  ['sender', 'address'],
  ['sender', 'onBehalfOf'],
  ['message', 'to'],
  ['message', 'cc'],
];
const ADDRESS = /^[^\s@]+@[^\s@]+$/;
/** With the domain it is the address. */
const LOCAL: Pointer = ['sender', 'local'];

/** Takes what must not be kept out of facts and verdicts, and says what that was. */
export class DecisionMasker {
  readonly #removed: readonly Pointer[];
  readonly #hashed: readonly Pointer[];
  readonly #all: readonly Pointer[];

  constructor(private readonly options: MaskOptions) {
    const { masks, keepBody, addressHash } = options;
    this.#removed = [...masks, ...(keepBody ? [] : [BODY]), ...(addressHash === null ? [] : [LOCAL])];
    this.#hashed = addressHash === null ? [] : ADDRESSES;
    this.#all = [...this.#removed, ...this.#hashed];
  }

  /** The facts as they are kept, and the pointers to where something is missing or hashed. */
  facts({ lists: _, ...facts }: Facts): { readonly facts: KeptFacts; readonly masked: readonly string[] } {
    const hashed = [...this.#hashed, ...this.#addressesOf(facts.customer, ['customer'])];
    const masked = new Set<string>();
    let kept: KeptFacts = facts;
    const mask = (pointer: Pointer, change: (value: unknown) => unknown) => {
      const before = kept;
      kept = replaceAt(kept, pointer, change);
      if (kept !== before) masked.add(formatPointer(pointer));
    };
    for (const pointer of hashed) mask(pointer, (value) => this.#hash(value));
    for (const pointer of this.#removed) mask(pointer, () => null);
    return { facts: kept, masked: [...masked] };
  }

  verdict({ why, ...verdict }: RuleVerdict, facts: Facts): KeptVerdict {
    return { ...verdict, why: why === null ? null : this.#why(why, facts) };
  }

  /** A condition may also compare with a fact that is masked: then that stands in what was wanted. */
  #why({ read, wanted, ...why }: Why, facts: Facts): KeptWhy {
    const path = parsePath(`$.${why.fact}`) ?? [];
    const isMasked =
      this.#all.some((pointer) => pathsOverlap(path, pointer)) ||
      this.#all.some((pointer) => holds(readPath(facts, pointer), wanted));
    return isMasked ? { ...why, wanted: null, isMasked } : { ...why, wanted, read, isMasked };
  }

  /** Where a CRM record holds an address: it may be the sender's. */
  #addressesOf(value: unknown, at: Pointer): Pointer[] {
    if (this.options.addressHash === null) return [];
    if (typeof value === 'string') return ADDRESS.test(value) ? [at] : [];
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, inner]) => this.#addressesOf(inner, [...at, key]));
  }

  #hash(value: unknown): unknown {
    const { addressHash } = this.options;
    if (typeof value === 'string') return addressHash?.of(value) ?? null;
    return Array.isArray(value) && value.length > 0 ? value.map((each) => this.#hash(each)) : value;
  }
}

function holds(masked: unknown, value: unknown): boolean {
  if (masked === null || masked === undefined || masked === '') return false;
  return masked === value || (Array.isArray(masked) && masked.includes(value));
}
