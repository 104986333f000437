import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { ScriptedLastGood } from '../../test/support/scripted-last-good.js';
import type { AcceptedRules } from './last-good.js';
import { type KeepingEvent, LastGoodKeeper } from './last-good-keeper.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const AWAY = new Error('the store is away');
const rules = (revision: string): AcceptedRules => ({ revision, acceptedAt: new Date(), files: [] });
const seconds = (count: number) => jest.advanceTimersByTimeAsync(count * 1_000);

function keeper() {
  const lastGood = new ScriptedLastGood();
  const told: KeepingEvent[] = [];
  return { lastGood, told, keeper: new LastGoodKeeper(lastGood, (event) => told.push(event)) };
}

test('a set is saved once, and nothing is told', async () => {
  const { lastGood, told, keeper: kept } = keeper();
  kept.keep(rules('a'));
  await seconds(60);
  expect([lastGood.asked, lastGood.kept?.revision, told]).toEqual([['a'], 'a', []]);
});

test('a set that cannot be saved is tried every 10 seconds until it is, and both are told once', async () => {
  const { lastGood, told, keeper: kept } = keeper();
  lastGood.fault = AWAY;
  kept.keep(rules('a'));
  await seconds(35);
  expect(lastGood.asked).toEqual(['a', 'a', 'a', 'a']);
  expect(told).toEqual([{ kind: 'not_kept', revision: 'a', reason: 'the store is away' }]);
  lastGood.fault = null;
  await seconds(60);
  expect([lastGood.asked.length, lastGood.kept?.revision]).toEqual([5, 'a']);
  expect(told.slice(1)).toEqual([{ kind: 'kept', revision: 'a' }]);
});

test('a set that was accepted since takes the place of one that could not be saved, at the same pace', async () => {
  const { lastGood, told, keeper: kept } = keeper();
  lastGood.fault = AWAY;
  kept.keep(rules('a'));
  await seconds(5);
  kept.keep(rules('b'));
  await seconds(29);
  expect(lastGood.asked).toEqual(['a', 'b', 'b', 'b']);
  lastGood.fault = null;
  await seconds(60);
  expect([lastGood.asked.length, lastGood.kept?.revision]).toEqual([5, 'b']);
  expect(told.map(({ kind, revision }) => `${kind} ${revision}`)).toEqual(['not_kept a', 'not_kept b', 'kept b']);
});

test.each([
  ['ends well', null],
  ['fails', AWAY],
])('of the sets that are accepted during a save that %s, the newest is saved next', async (_, fault) => {
  const { lastGood, told, keeper: kept } = keeper();
  const { promise, resolve } = Promise.withResolvers<void>();
  lastGood.held = (async () => {
    await promise;
    lastGood.fault = fault;
  })();
  kept.keep(rules('a'));
  for (const revision of ['b', 'c']) kept.keep(rules(revision));
  await seconds(1);
  expect(lastGood.asked).toEqual(['a']);
  resolve();
  await seconds(0);
  lastGood.fault = null;
  await seconds(60);
  expect([new Set(lastGood.asked), lastGood.kept?.revision]).toEqual([new Set(['a', 'c']), 'c']);
  expect(told.filter(({ revision }) => revision !== 'c')).toEqual([]);
});

test('closed, it waits for the save under way, and tries no more', async () => {
  const { lastGood, keeper: kept } = keeper();
  const { promise, resolve } = Promise.withResolvers<void>();
  lastGood.held = promise;
  lastGood.fault = AWAY;
  kept.keep(rules('a'));
  let isClosed = false;
  const closing = kept.close().then(() => (isClosed = true));
  await seconds(1);
  expect(isClosed).toBe(false);
  resolve();
  await closing;
  await seconds(60);
  expect(lastGood.asked).toEqual(['a']);
});

test('closed between two tries, it tries no more, nor what a load brings that was still under way', async () => {
  const { lastGood, keeper: kept } = keeper();
  lastGood.fault = AWAY;
  kept.keep(rules('a'));
  await seconds(5);
  await kept.close();
  kept.keep(rules('b'));
  await seconds(60);
  expect(lastGood.asked).toEqual(['a']);
});
