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
/** Where one may stand: of the sender, or of others. */
const MAYBE_ADDRESSES: readonly Pointer[] = [['sender', 'name'], ['customer'], ['conversation']];
const ADDRESS = /^[^\s@]+@[^\s@]+$/;
/** With the domain it is the address. */
const LOCAL: Pointer = ['sender', 'local'];

/** Takes what must not be kept out of facts, verdicts and what was suppressed. */
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
    const hashed = [...this.#hashed, ...this.#addressesIn(facts)];
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

  verdicts(verdicts: readonly RuleVerdict[], facts: Facts): KeptVerdict[] {
    const hidden = [...this.#all, ...this.#addressesIn(facts)];
    return verdicts.map(({ why, ...verdict }) => ({ ...verdict, why: why === null ? null : keepWhy(why, hidden) }));
  }

  /** Without what was rendered: it may be of a fact that is masked. */
  suppressed(suppressed: readonly Suppressed[]): Suppressed[] {
    return suppressed.map((one) => (one.isRendered ? { ...one, part: null } : one));
  }

  #addressesIn(facts: Omit<Facts, 'lists'>): Pointer[] {
    if (this.options.addressHash === null) return [];
    return MAYBE_ADDRESSES.flatMap((at) => addressesOf(readPath(facts, at), at));
  }

  #hash(value: unknown): unknown {
    const { addressHash } = this.options;
    if (typeof value === 'string') return addressHash?.of(value) ?? null;
    return Array.isArray(value) && value.length > 0 ? value.map((each) => this.#hash(each)) : value;
  }
}

/** A condition may also compare with a fact that is masked: then that stands in what was wanted. */
function keepWhy({ read, wanted, ...why }: Why, hidden: readonly Pointer[]): KeptWhy {
  const facts = [why.fact, ...(why.wantedFact === undefined ? [] : [why.wantedFact])];
  const paths = facts.map((fact) => parsePath(`$.${fact}`) ?? []);
  const isMasked = paths.some((path) => hidden.some((pointer) => pathsOverlap(path, pointer)));
  return isMasked ? { ...why, wanted: null, isMasked } : { ...why, wanted, read, isMasked };
}

function addressesOf(value: unknown, at: Pointer): Pointer[] {
  if (typeof value === 'string') return ADDRESS.test(value) ? [at] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => addressesOf(inner, [...at, key]));
}
