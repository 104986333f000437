import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { LineLimit } from './line-limit.js';

const MINUTE = 60_000;

let told: string[];
let limit: LineLimit;
beforeEach(() => {
  jest.useFakeTimers();
  told = [];
  limit = new LineLimit((count) => void told.push(`${count} more`));
});
afterEach(() => {
  limit.close();
  jest.useRealTimers();
});

const tell = (from: number, to: number) => {
  for (let number = from; number <= to; number++) limit.tell(() => void told.push(String(number)));
};
const TEN = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10'];

test.each<[number, readonly string[]]>([
  [1, ['1']],
  [10, TEN],
  [11, [...TEN, '1 more']],
  [500, [...TEN, '490 more']],
])('of %d lines in a minute are written %j', (count, lines) => {
  tell(1, count);
  jest.advanceTimersByTime(MINUTE);
  expect(told).toEqual(lines);
});

test('a new minute begins with the next line', () => {
  tell(1, 12);
  jest.advanceTimersByTime(3 * MINUTE);
  tell(13, 13);
  jest.advanceTimersByTime(MINUTE - 1);
  tell(14, 14);
  jest.advanceTimersByTime(1);
  expect(told).toEqual([...TEN, '2 more', '13', '14']);
});

test('at the end it tells how many more there were', () => {
  tell(1, 12);
  limit.close();
  jest.advanceTimersByTime(MINUTE);
  expect(told).toEqual([...TEN, '2 more']);
});
