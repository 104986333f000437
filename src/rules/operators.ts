import { RE2JS } from 're2js';
import { asciiDomain } from '../shared/email-address.js';
import type { FieldType } from '../facts/facts.js';
import { parseDuration, parseTime, parseWeeklyHours } from './time-values.js';

type Scalar = string | number | boolean | null;

/** What a condition of a rule may say after `"operator"`. */
export interface OperatorDefinition {
  readonly description: string;
  /** A condition's `value`, for the docs and the schema. */
  readonly example: unknown;
  /** Types of fact that it can be true for. */
  readonly facts: readonly FieldType[];
  /** What is wrong with a literal value, or null. */
  readonly check: (value: unknown) => string | null;
  /** `literal`: the value must stand in the rule; it cannot be another fact. */
  readonly value: 'literal' | 'any';
  /** Texts are compared in lower case: `prepare`'s function gets the fact so. */
  readonly ignoresCase?: true;
  /** The comparison, with the value prepared once. Absent for json-rules-engine's own and for `someItem`, whose value is a condition. */
  readonly prepare?: (value: unknown) => (fact: unknown, now: string) => boolean;
}

const ANY: readonly FieldType[] = ['text', 'boolean', 'number', 'texts', 'map', 'time'];
const SCALAR: readonly FieldType[] = ['text', 'boolean', 'number', 'time'];
const TEXT: readonly FieldType[] = ['text'];
const TIME: readonly FieldType[] = ['time'];

const isScalar = (value: unknown): value is Scalar =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value);
const isNumeric = (value: unknown): boolean =>
  typeof value === 'number' || (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)));

const scalar = (value: unknown) => (isScalar(value) ? null : 'needs text, a number, true, false or null');
const scalars = (value: unknown) =>
  Array.isArray(value) && value.length > 0 && value.every(isScalar)
    ? null
    : 'needs a list of values, such as ["gold", "platinum"]';
const numeric = (value: unknown) => (isNumeric(value) ? null : 'needs a number');
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? null : 'needs text');
const time = (value: unknown) =>
  parseTime(value) === null ? 'needs a date or time, such as "2026-11-24" or "2026-11-24T09:00:00Z"' : null;

/** Compares texts in lower case; facts that are no text never match. */
const folded = (compare: (fact: string, value: string) => boolean) => (value: unknown) => {
  const wanted = String(value).toLowerCase();
  return (fact: unknown) => typeof fact === 'string' && compare(fact, wanted);
};

const compareTimes = (compare: (fact: number, value: number) => boolean) => (value: unknown) => {
  const limit = parseTime(value);
  return (fact: unknown) => {
    const moment = parseTime(fact);
    return moment !== null && limit !== null && compare(moment, limit);
  };
};

/** The vocabulary of conditions, one entry each: json-rules-engine's operators first, then ours. */
export const OPERATORS: Readonly<Record<string, OperatorDefinition>> = {
  equal: { description: 'is exactly this value', example: 'gold', facts: SCALAR, value: 'any', check: scalar },
  notEqual: {
    description: 'is anything but this value (also when it is missing)',
    example: 'gold',
    facts: SCALAR,
    value: 'any',
    check: scalar,
  },
  in: {
    description: 'is one of these values',
    example: ['gold', 'platinum'],
    facts: SCALAR,
    value: 'any',
    check: scalars,
  },
  notIn: {
    description: 'is none of these values',
    example: ['gold', 'platinum'],
    facts: SCALAR,
    value: 'any',
    check: scalars,
  },
  contains: {
    description: 'is a list with this value in it',
    example: 'fleet',
    facts: ['texts'],
    value: 'any',
    check: scalar,
  },
  doesNotContain: {
    description: 'is a list without this value in it',
    example: 'fleet',
    facts: ['texts'],
    value: 'any',
    check: scalar,
  },
  lessThan: { description: 'is a number below', example: 10, facts: ['number'], value: 'any', check: numeric },
  lessThanInclusive: {
    description: 'is a number of at most',
    example: 10,
    facts: ['number'],
    value: 'any',
    check: numeric,
  },
  greaterThan: { description: 'is a number above', example: 10, facts: ['number'], value: 'any', check: numeric },
  greaterThanInclusive: {
    description: 'is a number of at least',
    example: 10,
    facts: ['number'],
    value: 'any',
    check: numeric,
  },
  exists: {
    description: 'has a value (false: has none; null counts as none)',
    example: true,
    facts: ANY,
    value: 'literal',
    check: (value) => (typeof value === 'boolean' ? null : 'needs true or false'),
    prepare: (value) => (fact) => (fact !== undefined && fact !== null) === value,
  },
  containsText: {
    description: 'is text with this text in it, in any case',
    example: 'invoice',
    facts: TEXT,
    value: 'any',
    check: text,
    ignoresCase: true,
    prepare: folded((fact, value) => fact.includes(value)),
  },
  startsWith: {
    description: 'is text that starts with this, in any case',
    example: 'INV-',
    facts: TEXT,
    value: 'any',
    check: text,
    ignoresCase: true,
    prepare: folded((fact, value) => fact.startsWith(value)),
  },
  endsWith: {
    description: 'is text that ends with this, in any case',
    example: '.example',
    facts: TEXT,
    value: 'any',
    check: text,
    ignoresCase: true,
    prepare: folded((fact, value) => fact.endsWith(value)),
  },
  matches: {
    description: 'is text in which this RE2 pattern is found; (?i) in front ignores case',
    example: '(?i)\\bPOL-\\d{6}\\b',
    facts: TEXT,
    value: 'literal',
    check: checkPattern,
    prepare: (value) => {
      const pattern = RE2JS.compile(String(value));
      return (fact) => typeof fact === 'string' && pattern.test(fact);
    },
  },
  inDomain: {
    description: 'is an address or domain in this domain or below it',
    example: 'northwind.example',
    facts: TEXT,
    value: 'any',
    check: (value) =>
      typeof value === 'string' && asciiDomain(value.replace(/^@/, '')) !== null
        ? null
        : 'needs a domain, such as "northwind.example"',
    prepare: (value) => {
      const domain = asciiDomain(String(value).replace(/^@/, ''));
      return (fact) =>
        domain !== null &&
        typeof fact === 'string' &&
        isBelow(asciiDomain(fact.slice(fact.lastIndexOf('@') + 1)), domain);
    },
  },
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
  before: {
    description: 'is a time before',
    example: '2026-12-31',
    facts: TIME,
    value: 'any',
    check: time,
    prepare: compareTimes((fact, limit) => fact < limit),
  },
  after: {
    description: 'is a time after',
    example: '2026-01-01',
    facts: TIME,
    value: 'any',
    check: time,
    prepare: compareTimes((fact, limit) => fact > limit),
  },
  withinLast: {
    description: 'is a time within this long before now (ISO 8601 duration)',
    example: 'P30D',
    facts: TIME,
    value: 'literal',
    check: (value) =>
      typeof value === 'string' && parseDuration(value) !== null
        ? null
        : 'needs an ISO 8601 duration in weeks, days, hours, minutes or seconds, such as "P30D" or "PT12H"',
    prepare: (value) => {
      const length = parseDuration(String(value)) ?? 0;
      return (fact, now) => {
        const moment = parseTime(fact);
        const end = Date.parse(now);
        return moment !== null && moment <= end && moment >= end - length;
      };
    },
  },
  withinHours: {
    description: 'is a time within these weekly hours, in an IANA time zone (default UTC)',
    example: 'Mon-Fri 09:00-17:00 Europe/Berlin',
    facts: TIME,
    value: 'literal',
    check: (value) =>
      typeof value === 'string' && parseWeeklyHours(value) !== null
        ? null
        : 'needs weekly hours and an IANA time zone, such as "Mon-Fri 09:00-17:00 Europe/Berlin"',
    prepare: (value) => {
      const isWithin = parseWeeklyHours(String(value));
      return (fact) => {
        const moment = parseTime(fact);
        return moment !== null && isWithin !== null && isWithin(moment);
      };
    },
  },
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

function checkPattern(value: unknown): string | null {
  if (typeof value !== 'string' || value === '') return 'needs a pattern';
  try {
    RE2JS.compile(value);
    return null;
  } catch (error) {
    return `has a bad pattern: ${(error as Error).message.replace(/^error parsing regexp: /, '')}`;
  }
}

function isBelow(domain: string | null, parent: string): boolean {
  return domain !== null && (domain === parent || domain.endsWith(`.${parent}`));
}

/** The entries of a reference table: the elements of a list, or the keys of a table with rows. */
function listMembers(list: unknown): ReadonlySet<string> {
  const entries = Array.isArray(list) ? list : Object.keys(list ?? {});
  return new Set(entries.map((entry) => String(entry).toLowerCase()));
}
