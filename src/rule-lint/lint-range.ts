import { toNumber } from '../rules/number-operators.js';
import { parseTime } from '../rules/time-values.js';

/** Numbers or times between two bounds, infinite where there is none. */
export interface Range {
  readonly low: number;
  readonly high: number;
  readonly isLowIncluded: boolean;
  readonly isHighIncluded: boolean;
}

const ALL: Range = { low: -Infinity, high: Infinity, isLowIncluded: false, isHighIncluded: false };

/** What a fact lies in when the operator holds for it; null when that is no range. */
export function rangeOf(operator: string, value: unknown): Range | null {
  if (operator === 'before' || operator === 'after') {
    const time = parseTime(value);
    return time === null ? null : operator === 'before' ? { ...ALL, high: time } : { ...ALL, low: time };
  }
  const number = toNumber(value);
  if (number === null) return null;
  switch (operator) {
    case 'lessThan':
      return { ...ALL, high: number };
    case 'lessThanInclusive':
      return { ...ALL, high: number, isHighIncluded: true };
    case 'greaterThan':
      return { ...ALL, low: number };
    case 'greaterThanInclusive':
      return { ...ALL, low: number, isLowIncluded: true };
    default:
      return null;
  }
}

export function intersect(a: Range, b: Range): Range {
  const low = a.low === b.low ? a.isLowIncluded && b.isLowIncluded : (a.low > b.low ? a : b).isLowIncluded;
  const high = a.high === b.high ? a.isHighIncluded && b.isHighIncluded : (a.high < b.high ? a : b).isHighIncluded;
  return {
    low: Math.max(a.low, b.low),
    high: Math.min(a.high, b.high),
    isLowIncluded: low,
    isHighIncluded: high,
  };
}

export function isEmpty({ low, high, isLowIncluded, isHighIncluded }: Range): boolean {
  return low > high || (low === high && !(isLowIncluded && isHighIncluded));
}

export function isWithin(inner: Range, outer: Range): boolean {
  const fitsBelow = inner.low > outer.low || (inner.low === outer.low && (outer.isLowIncluded || !inner.isLowIncluded));
  const fitsAbove =
    inner.high < outer.high || (inner.high === outer.high && (outer.isHighIncluded || !inner.isHighIncluded));
  return fitsBelow && fitsAbove;
}
