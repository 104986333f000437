import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import { listed, ListingProvider } from '../../test/support/listing-provider.js';
import { MemoryLastKnown } from '../../test/support/memory-last-known.js';
import { lookupsOver } from '../../test/support/scripted-provider.js';
import type { PrefetchState } from '../crm/last-known.js';
import { OVERLAP_MS } from '../crm/prefetch.js';
import { PrefetchScheduler } from './prefetch.scheduler.js';

const MINUTE = 60_000;
const EVERY_MS = 60 * MINUTE;
/** Within it a first run that is due is made. */
const SOON_MS = 2_100;

const schedulers: PrefetchScheduler[] = [];
beforeEach(() => void jest.useFakeTimers());
afterEach(async () => {
  await Promise.all(schedulers.splice(0).map((scheduler) => scheduler.beforeApplicationShutdown()));
  jest.useRealTimers();
});

/** A scheduler whose lease is always free. */
function setUp(store = new MemoryLastKnown()) {
  const provider = new ListingProvider('crm', [listed('a@x.example', { name: 'a' })]);
  const source = lookupsOver([provider], { lastKnown: store }).source('crm')!;
  const heard: string[] = [];
  const scheduler = new PrefetchScheduler({
    sources: [{ source, everyMs: EVERY_MS }],
    store,
    registry: new SchedulerRegistry(),
    lease: {
      hold: async (_, work) => {
        await work(new AbortController().signal);
        return true;
      },
    },
    listener: {
      began: () => undefined,
      pageCame: () => undefined,
      ended: (_, { end }) => void heard.push(end.kind),
      failed: (_, { message }) => void heard.push(message),
    },
  });
  schedulers.push(scheduler);
  return { provider, store, heard, scheduler };
}

test('a store that does not answer does not hold up the start', async () => {
  const state = Promise.withResolvers<PrefetchState>();
  const { store, heard, scheduler } = setUp();
  store.prefetchState = () => state.promise;
  const started = jest.fn();
  void Promise.resolve(scheduler.onApplicationBootstrap()).then(started);
  await jest.advanceTimersByTimeAsync(SOON_MS);
  expect(started).toHaveBeenCalledTimes(1);
  expect(heard).toEqual([]);
  state.resolve({ completeUntil: null, open: null });
  await jest.advanceTimersByTimeAsync(SOON_MS);
  expect(heard).toEqual(['complete']);
});

test.each<[string, () => PrefetchState, number]>([
  ['at once when there was none', () => ({ completeUntil: null, open: null }), 0],
  [
    'at once when one was interrupted',
    () => ({ completeUntil: Date.now(), open: { startedAt: Date.now(), next: 'p0', customers: 0 } }),
    0,
  ],
  ['at once when the last one is long ago', () => ({ completeUntil: Date.now() - 2 * EVERY_MS, open: null }), 0],
  [
    'in half an hour when the last one was half an hour ago',
    () => ({ completeUntil: Date.now() - 30 * MINUTE - OVERLAP_MS, open: null }),
    30 * MINUTE,
  ],
])('the first run is made %s', async (_, state, afterMs) => {
  const { store, heard, scheduler } = setUp();
  store.states.push(state());
  scheduler.onApplicationBootstrap();
  await jest.advanceTimersByTimeAsync(Math.max(0, afterMs - MINUTE));
  expect(heard).toEqual([]);
  // The pause is random by a twentieth.
  await jest.advanceTimersByTimeAsync(4 * MINUTE);
  expect(heard).toEqual(['complete']);
});

test('after a clock was set back the store is not asked again and again', async () => {
  const { store, scheduler } = setUp();
  const ask = jest.fn(() => Promise.resolve({ completeUntil: Date.now() + 365 * 24 * EVERY_MS, open: null }));
  store.prefetchState = ask;
  scheduler.onApplicationBootstrap();
  await jest.advanceTimersByTimeAsync(MINUTE);
  expect(ask).toHaveBeenCalledTimes(1);
});

test('a store that is away is asked again soon', async () => {
  const { store, heard, scheduler } = setUp();
  const prefetchState = store.prefetchState.bind(store);
  store.prefetchState = () => Promise.reject(new Error('the store is away'));
  scheduler.onApplicationBootstrap();
  await jest.advanceTimersByTimeAsync(SOON_MS);
  expect(heard).toEqual(['the store is away']);
  store.prefetchState = prefetchState;
  await jest.advanceTimersByTimeAsync(MINUTE / 2);
  expect(heard).toEqual(['the store is away', 'complete']);
});

test('a run under way ends with the service, and none is made after it', async () => {
  const { provider, heard, scheduler } = setUp();
  provider.troubles.set(0, 'never');
  scheduler.onApplicationBootstrap();
  await jest.advanceTimersByTimeAsync(SOON_MS);
  expect(provider.asked).toHaveLength(1);
  await scheduler.beforeApplicationShutdown();
  await jest.advanceTimersByTimeAsync(2 * EVERY_MS);
  expect(heard).toEqual(['stopped']);
  expect(provider.asked).toHaveLength(1);
});
