import { formatPath } from '../facts/fact-path.js';
import { FACT_DEFINITIONS, isFactName, LOOKUP_STATES } from '../facts/facts.js';
import type { Atom } from './lint-atom.js';
import type { Conjunction } from './lint-formula.js';
import { intersect, isEmpty, isWithin, type Range } from './lint-range.js';

/** Two comparisons that cannot hold together; `first` is null when `second` cannot hold at all. */
export interface Conflict {
  readonly first: Atom | null;
  readonly second: Atom;
}

const STATE = 'lookup.state';

/**
 * One way in which conditions can hold, and what follows from it.
 *
 * What operators say of a value is asked of the operators themselves. Everything else is taken for possible: a conflict or an
 * implication that is found is one, many are not found.
 */
export class Case {
  /** What a fact must be one of, by path; that of `lookup.state` is always known. */
  readonly values = new Map<string, ReadonlySet<unknown>>();
  /** The facts that must have a value. */
  readonly present = new Set<string>();
  /** Null when nothing is found that speaks against the case. */
  readonly conflict: Conflict | null;
  readonly #ranges = new Map<string, Range>();
  readonly #byPath: ReadonlyMap<string, readonly Atom[]>;
  readonly #isNegatedByKey = new Map<string, boolean>();

  constructor(readonly atoms: Conjunction) {
    this.#byPath = Map.groupBy(atoms, ({ path }) => path);
    this.conflict = this.#contradiction() ?? this.#narrow() ?? this.#narrowStates();
  }

  get paths(): Iterable<string> {
    return this.#byPath.keys();
  }

  /** Whether the other case holds, too, whenever this one does. */
  implies(other: Case): boolean {
    return other.atoms.every((atom) => this.#impliesAtom(atom));
  }

  /** Whether the two can never hold together. */
  excludes(other: Case): boolean {
    for (const [path, values] of this.values) {
      const others = other.values.get(path);
      if (others !== undefined && isDisjoint(values, others)) return true;
    }
    for (const [key, range] of this.#ranges) {
      const others = other.#ranges.get(key);
      if (others !== undefined && isEmpty(intersect(range, others))) return true;
    }
    const isShared = [...this.#byPath.keys()].some((path) => path !== STATE && other.#byPath.has(path));
    return isShared && new Case([...this.atoms, ...other.atoms]).conflict !== null;
  }

  #impliesAtom(atom: Atom): boolean {
    if (this.#isNegatedByKey.get(atom.key) === atom.isNegated) return true;
    if (atom.asks === 'present' && this.present.has(atom.path)) return true;
    const range = atom.range && this.#ranges.get(rangeKey(atom.range.kind, atom.path));
    if (atom.range && range && isWithin(range, atom.range)) return true;
    const values = this.values.get(atom.path) ?? (this.isWithoutCustomer ? missingCustomer(atom) : null);
    return values !== null && [...values].every((value) => atom.holdsFor(value) === true);
  }

  /** The same comparison with and without a negation. */
  #contradiction(): Conflict | null {
    for (const atom of this.atoms) {
      const isNegated = this.#isNegatedByKey.get(atom.key);
      if (isNegated === !atom.isNegated)
        return { first: this.atoms.find(({ key }) => key === atom.key)!, second: atom };
      this.#isNegatedByKey.set(atom.key, atom.isNegated);
    }
    return null;
  }

  #narrow(): Conflict | null {
    for (const [path, atoms] of this.#byPath) {
      const conflict = this.#narrowValues(path, atoms) ?? this.#narrowRanges(path, atoms);
      if (conflict !== null) return conflict;
      if (atoms.some(needsValue)) for (const prefix of prefixesOf(atoms[0]!)) this.present.add(prefix);
    }
    return null;
  }

  #narrowValues(path: string, atoms: readonly Atom[]): Conflict | null {
    const source = atoms.find(({ oneOf }) => oneOf !== null);
    const candidates = source?.oneOf ?? registeredValues(atoms[0]!);
    if (candidates === null) return null;
    let values = candidates;
    let previous = source ?? null;
    for (const atom of atoms) {
      const left: readonly unknown[] = values.filter((value) => atom.holdsFor(value) !== false);
      if (left.length === 0) return { first: atom === previous ? null : previous, second: atom };
      if (left.length < values.length) previous = atom;
      values = left;
    }
    this.values.set(path, new Set(values));
    return null;
  }

  #narrowRanges(path: string, atoms: readonly Atom[]): Conflict | null {
    for (const atom of atoms) {
      if (atom.range === null) continue;
      const { range } = atom;
      const key = rangeKey(range.kind, path);
      const known = this.#ranges.get(key);
      const narrowed = known === undefined ? range : intersect(known, range);
      if (isEmpty(narrowed)) {
        const isOther = (other: Atom) => other.range?.kind === range.kind && isEmpty(intersect(other.range, range));
        return { first: atoms.find(isOther) ?? null, second: atom };
      }
      this.#ranges.set(key, narrowed);
    }
    return null;
  }

  /** There is a record exactly when the look-up found one, and nothing can be said of it when that could not be asked. */
  #narrowStates(): Conflict | null {
    const customerAtoms = this.atoms.filter(({ readsCustomer }) => readsCustomer);
    const possible = [...(this.values.get(STATE) ?? LOOKUP_STATES)];
    const hasNoRecord = this.#byPath.get('customer')?.find(({ asks }) => asks === 'absent');
    const objection = (state: unknown): Atom | undefined => {
      if (state === 'found') return hasNoRecord;
      if (state === 'unavailable') return customerAtoms[0];
      return customerAtoms.find((atom) => missingCustomer(atom)?.some((value) => atom.holdsFor(value) === false));
    };
    const states = possible.filter((state) => objection(state) === undefined);
    if (states.length === 0) {
      const second = objection(possible[0])!;
      const other = hasNoRecord === second ? customerAtoms.find((atom) => atom !== second) : hasNoRecord;
      return { first: this.#byPath.get(STATE)?.[0] ?? other ?? null, second };
    }
    this.values.set(STATE, new Set(states));
    if (states.every((state) => state === 'found')) this.present.add('customer');
    return null;
  }

  /** Whether there is no record, for certain. While nobody could look it up, what reads it is unknown, and unknown is not true. */
  get isWithoutCustomer(): boolean {
    const states = this.values.get(STATE)!;
    return !states.has('found') && !states.has('unavailable');
  }
}

/** Whether the atom can only hold for a fact that has a value. */
function needsValue(atom: Atom): boolean {
  return atom.holdsFor(undefined) === false && atom.holdsFor(null) === false;
}

/** What a fact of the customer is when there is none; null for other facts. */
function missingCustomer({ segments }: Atom): readonly unknown[] | null {
  return segments[0] === 'customer' ? [segments.length === 1 ? null : undefined] : null;
}

/** Every value that a fact can have; null when that is no list. */
function registeredValues({ segments: [root, name, ...rest], path }: Atom): readonly unknown[] | null {
  if (path === STATE) return LOOKUP_STATES;
  const fields = typeof root === 'string' && isFactName(root) ? FACT_DEFINITIONS[root].fields : undefined;
  const field = fields === undefined || rest.length > 0 ? undefined : fields[String(name)];
  if (field?.type === 'boolean') return [true, false];
  return field?.values === undefined ? null : [...field.values, null];
}

function isDisjoint(a: ReadonlySet<unknown>, b: ReadonlySet<unknown>): boolean {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  for (const value of small) if (large.has(value)) return false;
  return true;
}

function prefixesOf({ segments }: Atom): string[] {
  return segments.map((_, index) => formatPath(segments.slice(0, index + 1)));
}

function rangeKey(kind: string, path: string): string {
  return `${kind} ${path}`;
}
