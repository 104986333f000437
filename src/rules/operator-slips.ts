import { didYouMean } from '../files/did-you-mean.js';
import { OPERATORS } from './operators.js';

/** What people write who know other rule languages. */
const USUAL_SLIPS: Readonly<Record<string, string>> = {
  is: 'equal',
  equals: 'equal',
  eq: 'equal',
  '=': 'equal',
  '==': 'equal',
  '===': 'equal',
  isNot: 'notEqual',
  notEquals: 'notEqual',
  ne: 'notEqual',
  neq: 'notEqual',
  '!=': 'notEqual',
  '!==': 'notEqual',
  '<>': 'notEqual',
  lt: 'lessThan',
  '<': 'lessThan',
  below: 'lessThan',
  lte: 'lessThanInclusive',
  le: 'lessThanInclusive',
  '<=': 'lessThanInclusive',
  lessThanOrEqual: 'lessThanInclusive',
  lessThanOrEquals: 'lessThanInclusive',
  gt: 'greaterThan',
  '>': 'greaterThan',
  above: 'greaterThan',
  gte: 'greaterThanInclusive',
  ge: 'greaterThanInclusive',
  '>=': 'greaterThanInclusive',
  greaterThanOrEqual: 'greaterThanInclusive',
  greaterThanOrEquals: 'greaterThanInclusive',
  regex: 'matches',
  regexp: 'matches',
  regexMatch: 'matches',
  like: 'containsText',
  includes: 'containsText',
  oneOf: 'in',
  anyOf: 'in',
  noneOf: 'notIn',
  domain: 'inDomain',
};

/** `, did you mean …?` for an operator that there is not, or nothing. */
export function operatorMeant(word: string): string {
  const lower = word.toLowerCase();
  const slip = Object.keys(USUAL_SLIPS).find((known) => known.toLowerCase() === lower);
  if (slip !== undefined) return `, did you mean "${USUAL_SLIPS[slip]!}"?`;
  if (lower === 'notexists' || lower === 'doesnotexist' || lower === 'isempty' || lower === 'isnull')
    return ', did you mean "exists" with the value false?';
  if (lower === 'notcontains' || lower === 'notcontain')
    return ', did you mean "doesNotContain" (of a list) or "not:containsText" (of a text)?';
  const negated = Object.keys(OPERATORS).find((name) => lower === `not${name.toLowerCase()}`);
  if (negated !== undefined) return `, did you mean "not:${negated}"?`;
  return didYouMean(word, Object.keys(OPERATORS));
}
