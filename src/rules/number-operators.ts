import type { OperatorDefinition, Operators } from './operator-definition.js';

/** The number that a value is or that its text writes; null when it is none. CSV and SQL give numbers as text. */
export function toNumber(value: unknown): number | null {
  const isText = typeof value === 'string' && value.trim() !== '';
  if (typeof value !== 'number' && !isText) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

const comparison = (description: string, compare: (fact: number, limit: number) => boolean): OperatorDefinition => ({
  description,
  example: 10,
  facts: ['number'],
  value: 'any',
  valueFacts: ['number', 'text'],
  check: (value) => (toNumber(value) === null ? 'needs a number' : null),
  prepare: (value) => {
    const limit = toNumber(value);
    return (fact) => {
      const number = toNumber(fact);
      return number !== null && limit !== null && compare(number, limit);
    };
  },
});

export const NUMBER_OPERATORS: Operators = {
  lessThan: comparison('is a number below', (fact, limit) => fact < limit),
  lessThanInclusive: comparison('is a number of at most', (fact, limit) => fact <= limit),
  greaterThan: comparison('is a number above', (fact, limit) => fact > limit),
  greaterThanInclusive: comparison('is a number of at least', (fact, limit) => fact >= limit),
};
