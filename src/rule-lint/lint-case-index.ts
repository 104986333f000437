import type { Case } from './lint-case.js';

/** A case of a rule. */
export interface Entry<Owner> {
  readonly owner: Owner;
  readonly found: Case;
  readonly order: number;
}

type Entries<Owner> = readonly Entry<Owner>[];
type Test<Owner> = (entry: Entry<Owner>) => boolean;

const STATE = 'lookup.state';
/** With rule sets that make more necessary, something is missed rather than everybody kept waiting. */
const MAX_VISITS = 20_000;

/** Finds the cases that one more case may have to do with, mostly without a look at all of them. */
export class CaseIndex<Owner> {
  #size = 0;
  /** Cases that need one of some values of a path, by path and value. */
  readonly #byValue = new Map<
    string,
    { readonly entries: Entry<Owner>[]; readonly byValue: Map<unknown, Entry<Owner>[]> }
  >();
  /** Cases with a comparison of which little can be said: all, by it, and by its path. */
  readonly #opaque: Entry<Owner>[] = [];
  readonly #byKey = new Map<string, Entry<Owner>[]>();
  readonly #byPath = new Map<string, Entry<Owner>[]>();
  readonly #others: Entry<Owner>[] = [];

  add(owner: Owner, found: Case): void {
    const entry = { owner, found, order: this.#size++ };
    const listed = found.atoms.find(({ oneOf, asks, path }) => oneOf !== null && asks === 'value' && path !== STATE);
    if (listed !== undefined) {
      const posting = this.#byValue.get(listed.path) ?? { entries: [], byValue: new Map<unknown, Entry<Owner>[]>() };
      this.#byValue.set(listed.path, posting);
      posting.entries.push(entry);
      for (const value of found.values.get(listed.path)!) append(posting.byValue, value, entry);
      return;
    }
    const opaque = found.atoms.find(({ range, asks, path }) => range === null && asks === 'value' && path !== STATE);
    if (opaque === undefined) this.#others.push(entry);
    else {
      this.#opaque.push(entry);
      append(this.#byKey, opaque.key, entry);
      append(this.#byPath, opaque.path, entry);
    }
  }

  /** The first that passes the test, of all that the case can imply (and more). */
  findImplied(found: Case, test: Test<Owner>): Entry<Owner> | undefined {
    const lists: (Entries<Owner> | undefined)[] = [this.#others];
    for (const { key } of found.atoms) lists.push(this.#byKey.get(key));
    for (const [path, [value]] of found.values) {
      lists.push(this.#byValue.get(path)?.byValue.get(value), this.#byPath.get(path));
    }
    if (found.isWithoutCustomer) {
      for (const [path, entries] of this.#byPath) if (path.startsWith('customer')) lists.push(entries);
    }
    return findFirst(lists, test);
  }

  /** The first that passes the test, of all that can hold together with the case (and more). */
  findBeside(found: Case, test: Test<Owner>): Entry<Owner> | undefined {
    const lists: (Entries<Owner> | undefined)[] = [this.#others, this.#opaque];
    for (const [path, { entries, byValue }] of this.#byValue) {
      const values = found.values.get(path);
      if (values === undefined) lists.push(entries);
      else for (const value of values) lists.push(byValue.get(value));
    }
    return findFirst(lists, test);
  }
}

/** The first in order over all lists, each of which is in order. */
function findFirst<Owner>(lists: readonly (Entries<Owner> | undefined)[], test: Test<Owner>): Entry<Owner> | undefined {
  let first: Entry<Owner> | undefined;
  let left = MAX_VISITS;
  for (const entries of lists) {
    for (const entry of entries ?? []) {
      if (left-- === 0) return first;
      if (first !== undefined && entry.order >= first.order) break;
      if (!test(entry)) continue;
      first = entry;
      break;
    }
  }
  return first;
}

function append<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
