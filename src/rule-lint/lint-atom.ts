import type { Engine } from 'json-rules-engine';
import { formatPath, parsePath, type PathSegments } from '../facts/fact-path.js';
import type { JsonValue } from '../facts/facts.js';
import { type JsonDocument, type JsonNode, valueOf } from '../files/json-document.js';
import { ObjectReader } from '../files/object-reader.js';
import { parseOperator } from '../rules/check-operand.js';
import type { DecoratedOperator } from '../rules/condition-parts.js';
import { createEngine } from '../rules/engine.js';
import { isListReference, isTimed, listNameOf, operatorNamed, toEngineValue } from '../rules/engine-terms.js';
import { type Range, rangeOf } from './lint-range.js';

/** One comparison of a rule, or its opposite, as far as the linter understands it. */
export interface Atom {
  readonly segments: PathSegments;
  /** As people write it: `customer.tier`. */
  readonly path: string;
  /** Atoms of the same key say the same, or the opposite when only one of them is negated. */
  readonly key: string;
  readonly isNegated: boolean;
  readonly readsCustomer: boolean;
  /** `present`, `absent`: it asks whether there is a value at all. */
  readonly asks: 'present' | 'absent' | 'value';
  /** The values that the fact must be one of; null when that is no list. */
  readonly oneOf: readonly unknown[] | null;
  /** `kind`: numbers and times do not mix. */
  readonly range: (Range & { readonly kind: 'number' | 'time' }) | null;
  /** Whether it holds for a value of the fact; undefined when that depends on more. */
  readonly holdsFor: (value: unknown) => boolean | undefined;
  /** For messages: `customer.tier equal "gold"`. */
  readonly text: string;
  readonly document: JsonDocument;
  readonly node: JsonNode;
}

/** Without these json-rules-engine's operators are each other's opposite, for any value. */
const OPPOSITES: Readonly<Record<string, string>> = { notEqual: 'equal', notIn: 'in' };
const MISSING = [undefined, null] as const;
const MAX_VALUE_LENGTH = 60;

/** Reads the comparisons of rule files that are known to have no fault. */
export class AtomReader {
  /** Says what operators mean. */
  readonly #engine: Engine;

  constructor(private readonly lists: Readonly<Record<string, JsonValue>>) {
    this.#engine = createEngine(new Map(), lists);
  }

  read(document: JsonDocument, node: JsonNode): Atom {
    const reader = ObjectReader.of(document, node, 'a condition')!;
    const written = reader.string('operator')!;
    const valueNode = reader.get('value')!;
    const { bare, value, isNegated } = normalise(written, valueOf(valueNode));
    const parse = parseOperator(bare);
    if (!parse.ok) throw new Error(parse.message);
    const { operator } = parse;
    const segments = factSegments(reader);
    const path = formatPath(segments);
    const reference =
      valueNode.type === 'object' && operator.name !== 'someItem'
        ? factSegments(ObjectReader.of(document, valueNode, 'a value')!)
        : null;
    const isPlain = reference === null && operator.decorators.length === 0;
    const range = isPlain ? rangeOf(operator.name, value) : null;
    const positive: Atom = {
      segments,
      path,
      key: JSON.stringify([path, bare, reference === null ? value : { fact: formatPath(reference) }]),
      isNegated: false,
      readsCustomer: segments[0] === 'customer' || reference?.[0] === 'customer',
      asks: isPlain && operator.name === 'exists' ? 'present' : 'value',
      oneOf: isPlain ? valuesOf(operator.name, value) : null,
      range: range && { ...range, kind: operator.definition.facts.includes('time') ? 'time' : 'number' },
      holdsFor: reference === null ? this.#test(operator, bare, value) : () => undefined,
      text: `${path} ${written} ${reference === null ? shorten(valueOf(valueNode)) : formatPath(reference)}`,
      document,
      node,
    };
    return isNegated ? { ...opposite(positive), text: positive.text } : positive;
  }

  #test(operator: DecoratedOperator, bare: string, literal: unknown): Atom['holdsFor'] {
    const comparison = operatorNamed(this.#engine, bare);
    const value = toEngineValue(operator, { literal });
    // What these say of a value depends on the time, or on conditions of their own; for a missing one they never hold.
    if (isTimed(value)) return (fact) => (fact === undefined || fact === null ? false : undefined);
    const wanted = isListReference(value) ? this.lists[listNameOf(value)] : value;
    return (fact) => {
      try {
        return comparison.evaluate(fact, wanted) === true;
      } catch {
        return undefined;
      }
    };
  }
}

/** The atom that holds when this one is known not to hold. */
export function opposite(atom: Atom): Atom {
  const isNegated = !atom.isNegated;
  const asks = atom.asks === 'value' ? 'value' : atom.asks === 'present' ? 'absent' : 'present';
  return {
    ...atom,
    isNegated,
    asks,
    oneOf: asks === 'absent' ? MISSING : null,
    range: null,
    holdsFor: (value) => {
      const holds = atom.holdsFor(value);
      return holds === undefined ? undefined : !holds;
    },
    text: `not (${atom.text})`,
  };
}

/** The path that `fact` and `path` name together. */
export function factSegments(reader: ObjectReader): PathSegments {
  const path = reader.get('path')?.value as string | undefined;
  const fact = reader.get('fact')?.value as string;
  return [...(parsePath(`$.${fact}`) ?? []), ...(path === undefined ? [] : (parsePath(path) ?? []))];
}

/** The comparison without the negations in front of it; "exists" always asks whether there is a value. */
function normalise(written: string, value: unknown): { bare: string; value: unknown; isNegated: boolean } {
  let bare = written;
  let isNegated = false;
  for (; bare.startsWith('not:'); bare = bare.slice('not:'.length)) isNegated = !isNegated;
  const positive = OPPOSITES[bare];
  if (positive !== undefined) return { bare: positive, value, isNegated: !isNegated };
  if (bare === 'exists' && value === false) return { bare, value: true, isNegated: !isNegated };
  return { bare, value, isNegated };
}

function valuesOf(operator: string, value: unknown): readonly unknown[] | null {
  return operator === 'equal' ? [value] : operator === 'in' ? (value as readonly unknown[]) : null;
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH - 1)}…` : text;
}
