import type { FieldType } from '../facts/facts.js';
import { NUMBER_OPERATORS } from './number-operators.js';
import type { Operators } from './operator-definition.js';
import { TEXT_OPERATORS } from './text-operators.js';
import { TIME_OPERATORS } from './time-operators.js';

const ANY: readonly FieldType[] = ['text', 'boolean', 'number', 'texts', 'map', 'time'];
const SCALAR: readonly FieldType[] = ['text', 'boolean', 'number', 'time'];
/** Longer lists are searched by hash. */
const LONG_LIST = 8;

/** Whether a value is text, a number, true, false or null. */
export const isScalar = (value: unknown): boolean =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value);
const scalar = (value: unknown) => (isScalar(value) ? null : 'needs text, a number, true, false or null');
const scalars = (value: unknown) =>
  Array.isArray(value) && value.length > 0 && value.every(isScalar)
    ? null
    : 'needs a list of values, such as ["gold", "platinum"]';

/** Whether a fact is an entry of the value. Nothing is an entry of what is no list: a text is not searched. */
const isOneOf = (value: unknown): ((fact: unknown) => boolean) => {
  if (!Array.isArray(value)) return () => false;
  if (value.length <= LONG_LIST) return (fact) => value.includes(fact);
  const entries = new Set<unknown>(value);
  return (fact) => entries.has(fact);
};

/** The vocabulary of conditions, one entry each: json-rules-engine's operators first, then ours. */
export const OPERATORS: Operators = {
  equal: {
    description: 'is exactly this value',
    example: 'gold',
    facts: SCALAR,
    value: 'any',
    valueFacts: SCALAR,
    check: scalar,
  },
  notEqual: {
    description: 'is anything but this value (also when it is missing)',
    example: 'gold',
    facts: SCALAR,
    value: 'any',
    valueFacts: SCALAR,
    check: scalar,
  },
  in: {
    description: 'is one of these values',
    example: ['gold', 'platinum'],
    facts: SCALAR,
    value: 'any',
    valueFacts: ['texts'],
    check: scalars,
    prepare: isOneOf,
  },
  notIn: {
    description: 'is none of these values',
    example: ['gold', 'platinum'],
    facts: SCALAR,
    value: 'any',
    valueFacts: ['texts'],
    check: scalars,
    prepare: (value) => {
      const isEntry = isOneOf(value);
      return (fact) => !isEntry(fact);
    },
  },
  contains: {
    description: 'is a list with this value in it',
    example: 'fleet',
    facts: ['texts'],
    value: 'any',
    valueFacts: SCALAR,
    check: scalar,
  },
  doesNotContain: {
    description: 'is a list without this value in it',
    example: 'fleet',
    facts: ['texts'],
    value: 'any',
    valueFacts: SCALAR,
    check: scalar,
  },
  ...NUMBER_OPERATORS,
  exists: {
    description: 'has a value (false: has none; null counts as none)',
    example: true,
    facts: ANY,
    value: 'literal',
    check: (value) => (typeof value === 'boolean' ? null : 'needs true or false'),
    prepare: (value) => (fact) => (fact !== undefined && fact !== null) === value,
  },
  ...TEXT_OPERATORS,
  inList: {
    description: 'is an entry of this reference table, in any case',
    example: 'partners',
    facts: SCALAR,
    value: 'literal',
    check: (value) => (typeof value === 'string' ? null : 'needs the name of a list'),
    prepare: (list) => {
      const members = listMembers(list);
      return (fact) =>
        (typeof fact === 'string' || typeof fact === 'number') && members.has(String(fact).toLowerCase());
    },
  },
  someItem: {
    description: 'is a list of which one entry meets all of this: conditions on "item"',
    example: { all: [{ fact: 'item.status', operator: 'equal', value: 'open' }] },
    facts: ['texts'],
    value: 'literal',
    // Its value is a condition, which is read as such.
    check: () => null,
  },
  ...TIME_OPERATORS,
};

/** json-rules-engine's words in front of an operator (`someFact:startsWith`). */
export const DECORATORS: Readonly<Record<string, string>> = {
  not: 'turns the result round',
  someFact: 'holds for at least one entry of the fact, which is a list',
  everyFact: 'holds for every entry of the fact, which is a list',
  someValue: 'holds for at least one entry of the value, which is a list',
  everyValue: 'holds for every entry of the value, which is a list',
  swap: 'exchanges fact and value',
};

/** The entries of a reference table: the elements of a list, or the keys of a table with rows. */
function listMembers(list: unknown): ReadonlySet<string> {
  const entries = Array.isArray(list) ? list : Object.keys(list ?? {});
  return new Set(entries.map((entry) => String(entry).toLowerCase()));
}
