import type { Engine } from 'json-rules-engine';
import { parsePath, type PathSegments, readPath } from '../facts/fact-path.js';
import type { Facts, JsonValue } from '../facts/facts.js';
import { parseOperator } from './check-operand.js';
import { conditionNamed, isListReference, isTimed, listNameOf, operatorNamed } from './engine-terms.js';

/**
 * Three-valued, as numbers: they are compared for every condition of every candidate. Unknown is what nobody could look up at the time;
 * hidden is what we are not told now, so that it may have been any of the others.
 */
export const FALSE = 0;
export const TRUE = 1;
export const UNKNOWN = 2;
export const HIDDEN = 3;
export type Truth = typeof FALSE | typeof TRUE | typeof UNKNOWN | typeof HIDDEN;

/** One path that conditions read, read at most once per message. */
export interface Slot {
  readonly segments: PathSegments;
  /** Texts in lower case, for the operators that ignore case. */
  readonly isFolded: boolean;
  /** It is known only after a look-up. */
  readonly isOf: 'customer' | 'lookup' | null;
}

/** What one message's evaluation has read so far. */
export class Reading {
  readonly #isCustomerUnknown: boolean;
  readonly #isCustomerIncomplete: boolean;
  readonly #isPending: boolean;
  readonly #values: unknown[];
  readonly #named: Uint8Array;

  /**
   * @param isPending before the look-up: nothing of it is known
   * @param hidden 1 for each slot that reads what we are not told; null when we are told everything
   */
  constructor(
    private readonly slots: readonly Slot[],
    namedCount: number,
    readonly facts: Facts,
    isPending: boolean,
    readonly hidden: Uint8Array | null = null,
  ) {
    this.#isPending = isPending;
    this.#isCustomerUnknown = isPending || facts.lookup.state === 'unavailable';
    this.#isCustomerIncomplete = facts.lookup.incomplete;
    this.#values = slots.map(() => UNREAD);
    this.#named = new Uint8Array(namedCount).fill(NOT_YET);
  }

  /** @throws HIDDEN_VALUE */
  value(slot: number): unknown {
    const known = this.#values[slot];
    if (known !== UNREAD) return known;
    // Thrown, so that asking costs nothing where nothing is hidden.
    if (this.hidden?.[slot] === 1) throw HIDDEN_VALUE;
    const { segments, isFolded } = this.slots[slot]!;
    const read = readPath(this.facts, segments);
    const value = isFolded && typeof read === 'string' ? read.toLowerCase() : read;
    this.#values[slot] = value;
    return value;
  }

  /** Whether nobody could tell what is there. */
  isUnknown(slot: number): boolean {
    const { isOf } = this.slots[slot]!;
    if (isOf === null) return false;
    if (isOf === 'lookup') return this.#isPending;
    return this.#isCustomerUnknown || (this.#isCustomerIncomplete && isMissing(this.value(slot)));
  }

  /** Whether what is there cannot be compared with anything: it is unknown, or hidden. */
  isOpen(slot: number): boolean {
    return this.hidden?.[slot] === 1 || this.isUnknown(slot);
  }

  /** The truth of a named condition, evaluated at its first use. */
  named(index: number, condition: CompiledCondition): Truth {
    const known = this.#named[index] as Truth | typeof NOT_YET;
    if (known !== NOT_YET) return known;
    const truth = condition.evaluate(this);
    this.#named[index] = truth;
    return truth;
  }
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}

const UNREAD = Symbol('unread');
const HIDDEN_VALUE = new Error('what is there is hidden');
const NOT_YET = 4;
const LOOKED_UP = ['customer', 'lookup'] as const;

/** A condition as a closure, with what explaining needs. */
export interface CompiledCondition {
  readonly kind: 'all' | 'any' | 'not' | 'leaf';
  /** Index in `RuleSet.conditionLocations`. */
  readonly at: number;
  readonly evaluate: (reading: Reading) => Truth;
  readonly children: readonly CompiledCondition[];
  readonly leaf: CompiledLeaf | null;
}

export interface CompiledLeaf {
  readonly slot: number;
  /** The slot of the fact that it is compared with; null when that is a value. */
  readonly otherSlot: number | null;
  /** As written, decorators included. */
  readonly operator: string;
  readonly wanted: (reading: Reading) => unknown;
  /** The values that the fact must be one of for this leaf to hold; null when it cannot be told by equality. */
  readonly mustBeOneOf: readonly unknown[] | null;
}

/** A condition as json-rules-engine parsed it. */
interface ParsedCondition {
  readonly all?: readonly ParsedCondition[];
  readonly any?: readonly ParsedCondition[];
  readonly not?: ParsedCondition;
  readonly condition?: string;
  readonly fact: string;
  readonly path?: string;
  readonly operator: string;
  readonly value: unknown;
  readonly at: number;
}

/** Makes closures of json-rules-engine's parsed conditions. Its operators keep their meaning: they are called, not rewritten. */
export class ConditionCompiler {
  readonly slots: Slot[] = [];
  readonly #slotIndexes = new Map<string, number>();
  readonly #named = new Map<string, CompiledCondition>();

  constructor(
    private readonly engine: Engine,
    private readonly lists: Readonly<Record<string, JsonValue>>,
  ) {}

  get namedCount(): number {
    return this.#named.size;
  }

  compile(condition: unknown): CompiledCondition {
    return this.#compile(condition as ParsedCondition);
  }

  #compile(parsed: ParsedCondition): CompiledCondition {
    if (parsed.all !== undefined)
      return group(
        'all',
        parsed.at,
        parsed.all.map((child) => this.#compile(child)),
      );
    if (parsed.any !== undefined)
      return group(
        'any',
        parsed.at,
        parsed.any.map((child) => this.#compile(child)),
      );
    if (parsed.not !== undefined) return negation(parsed.at, this.#compile(parsed.not));
    if (parsed.condition !== undefined) return this.#reference(parsed.condition);
    return this.#leaf(parsed);
  }

  /** A named condition is compiled once and evaluated once per message, however many rules use it. */
  #reference(name: string): CompiledCondition {
    const known = this.#named.get(name);
    if (known !== undefined) return known;
    const target = this.#compile(conditionNamed(this.engine, name) as ParsedCondition);
    const index = this.#named.size;
    const shared = { ...target, evaluate: (reading: Reading) => reading.named(index, target) };
    this.#named.set(name, shared);
    return shared;
  }

  #leaf({ fact, path, operator: written, value, at }: ParsedCondition): CompiledCondition {
    const parse = parseOperator(written);
    if (!parse.ok) throw new Error(parse.message);
    const { definition, decorators, name } = parse.operator;
    const segments = [fact, ...(path === undefined ? [] : (parsePath(path) ?? []))];
    const operator = operatorNamed(this.engine, written);
    const isOurs = definition.prepare !== undefined && decorators.length === 0;
    const slot = this.#slot(segments, isOurs && definition.ignoresCase === true);
    const reference = referenceOf(value);
    if (reference !== null && !isListReference(value)) {
      const other = this.#slot(reference, false);
      const raw = this.#slot(segments, false);
      const evaluate = this.#guard(
        [raw, other],
        (reading) => operator.evaluate(reading.value(raw), reading.value(other)) === true,
      );
      return leaf(at, evaluate, {
        slot: raw,
        otherSlot: other,
        operator: written,
        wanted: (reading) => reading.value(other),
        mustBeOneOf: null,
      });
    }
    const literal = isListReference(value)
      ? this.lists[listNameOf(value)]
      : isTimed(value)
        ? value.params.value
        : value;
    const shown = isListReference(value) ? listNameOf(value) : literal;
    const mustBeOneOf =
      decorators.length > 0
        ? null
        : name === 'equal'
          ? [literal]
          : name === 'in' && Array.isArray(literal)
            ? (literal as readonly unknown[])
            : null;
    const test = isOurs
      ? definition.prepare(literal)
      : isTimed(value)
        ? (read: unknown, now: string) => operator.evaluate(read, { value: literal, now })
        : (read: unknown) => operator.evaluate(read, literal);
    const evaluate = this.#guard([slot], (reading) => test(reading.value(slot), reading.facts.now) === true);
    return leaf(at, evaluate, { slot, otherSlot: null, operator: written, wanted: () => shown, mustBeOneOf });
  }

  /** A comparison that cannot be made (a list that is a text on this record) is unknown, as what nobody could look up. */
  #guard(slots: readonly number[], test: (reading: Reading) => boolean): (reading: Reading) => Truth {
    const lookedUp = slots.filter((slot) => this.slots[slot]!.isOf !== null);
    return (reading) => {
      try {
        for (let index = 0; index < lookedUp.length; index++) if (reading.isUnknown(lookedUp[index]!)) return UNKNOWN;
        return test(reading) ? TRUE : FALSE;
      } catch (error) {
        return error === HIDDEN_VALUE ? HIDDEN : UNKNOWN;
      }
    };
  }

  #slot(segments: PathSegments, isFolded: boolean): number {
    const key = JSON.stringify([isFolded, ...segments]);
    const known = this.#slotIndexes.get(key);
    if (known !== undefined) return known;
    const index =
      this.slots.push({ segments, isFolded, isOf: LOOKED_UP.find((fact) => fact === segments[0]) ?? null }) - 1;
    this.#slotIndexes.set(key, index);
    return index;
  }
}

function referenceOf(value: unknown): PathSegments | null {
  if (typeof value !== 'object' || value === null || !('fact' in value) || isTimed(value)) return null;
  const { fact, path } = value as { fact: string; path?: string };
  return [fact, ...(path === undefined ? [] : (parsePath(path) ?? []))];
}

function leaf(at: number, evaluate: (reading: Reading) => Truth, compiled: CompiledLeaf): CompiledCondition {
  return { kind: 'leaf', at, evaluate, children: [], leaf: compiled };
}

function negation(at: number, child: CompiledCondition): CompiledCondition {
  const evaluate = (reading: Reading): Truth => {
    const truth = child.evaluate(reading);
    return truth >= UNKNOWN ? truth : truth === TRUE ? FALSE : TRUE;
  };
  return { kind: 'not', at, evaluate, children: [child], leaf: null };
}

/** A false decides an `all`, a true an `any`, whatever is unknown beside it. */
function group(kind: 'all' | 'any', at: number, children: readonly CompiledCondition[]): CompiledCondition {
  const deciding = kind === 'all' ? FALSE : TRUE;
  const otherwise = kind === 'all' ? TRUE : FALSE;
  const evaluate = (reading: Reading): Truth => {
    let settled: Truth = otherwise;
    for (let index = 0; index < children.length; index++) {
      const truth = children[index]!.evaluate(reading);
      if (truth === deciding) return deciding;
      if (truth >= UNKNOWN && truth > settled) settled = truth;
    }
    return settled;
  };
  return { kind, at, evaluate, children, leaf: null };
}
