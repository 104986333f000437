import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { DecisionStore } from './decision-store.js';
import { Retention } from './retention.js';
import type { SendStore } from './send-store.js';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

let told: (string | null)[];
let asked: string[];
/** What is left of each kind, or why the store refuses. */
let left: { decisions: number | Error; sends: number | Error };

const take = (kind: 'decisions' | 'sends', most: number): Promise<number> => {
  const there = left[kind];
  if (there instanceof Error) return Promise.reject(there);
  left[kind] = Math.max(0, there - most);
  return Promise.resolve(Math.min(there, most));
};
const daysAgo = (time: number) => (Date.now() - time) / DAY_MS;
const decisions = {
  purge: (before: number, limit: number) => {
    asked.push(`decisions of ${daysAgo(before)} days`);
    return take('decisions', limit);
  },
} as DecisionStore;
const sends = {
  purgeSends: (before: number) => {
    asked.push(`sends of ${daysAgo(before)} days`);
    return take('sends', Infinity);
  },
} as SendStore;

let retention: Retention;
beforeEach(() => {
  jest.useFakeTimers();
  [told, asked, left] = [[], [], { decisions: 0, sends: 0 }];
  retention = new Retention(decisions, sends, { days: 30, report: (reason) => told.push(reason) });
  retention.start();
});
afterEach(() => {
  retention.close();
  jest.useRealTimers();
});

const ROUND = ['sends of 7 days', 'decisions of 30 days'];

test.each([
  [0.9, 0],
  [1, 1],
  [10.9, 1],
  [11, 2],
  [31, 4],
])('after %d minutes it has looked %i times', async (minutes, rounds) => {
  await jest.advanceTimersByTimeAsync(minutes * MINUTE_MS);
  expect(asked).toEqual(Array.from({ length: rounds }, () => ROUND).flat());
});

test.each([
  [0, 1],
  [499, 1],
  [500, 2],
  [1_700, 4],
])('%i old decisions are gone after %i slices of one round', async (count, slices) => {
  left.decisions = count;
  await jest.advanceTimersByTimeAsync(2 * MINUTE_MS);
  expect(left.decisions).toBe(0);
  expect(asked).toEqual([ROUND[0], ...Array.from({ length: slices }, () => ROUND[1])]);
});

describe('a store that refuses', () => {
  test.each(['decisions', 'sends'] as const)('%s is told once until it is well again, and once more', async (kind) => {
    for (const reason of ['the disk is full', 'the next']) {
      left[kind] = new Error(reason);
      await jest.advanceTimersByTimeAsync(31 * MINUTE_MS);
      expect(told).toEqual([reason]);
      left[kind] = 0;
      await jest.advanceTimersByTimeAsync(20 * MINUTE_MS);
      expect(told).toEqual([reason, null]);
      told = [];
    }
  });

  test('everything is told once, and well when all is', async () => {
    left = { decisions: new Error('one'), sends: new Error('other') };
    await jest.advanceTimersByTimeAsync(12 * MINUTE_MS);
    expect(told).toEqual(['other']);
    left.sends = 0;
    await jest.advanceTimersByTimeAsync(10 * MINUTE_MS);
    expect(told).toEqual(['other']);
    left.decisions = 0;
    await jest.advanceTimersByTimeAsync(10 * MINUTE_MS);
    expect(told).toEqual(['other', null]);
  });

  test('to take sends away does not keep decisions', async () => {
    left = { decisions: 1_200, sends: new Error('timeout') };
    await jest.advanceTimersByTimeAsync(2 * MINUTE_MS);
    expect(left.decisions).toBe(0);
  });
});

test('nothing is asked after the end, also when a round was under way', async () => {
  left.decisions = 10_000;
  await jest.advanceTimersByTimeAsync(MINUTE_MS);
  retention.close();
  const count = asked.length;
  await jest.advanceTimersByTimeAsync(60 * MINUTE_MS);
  expect(asked).toHaveLength(count);
});
