import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { listed, ListingProvider } from '../../test/support/listing-provider.js';
import { MemoryLastKnown } from '../../test/support/memory-last-known.js';
import { lookupsOver } from '../../test/support/scripted-provider.js';
import { EnricherError } from '../shared/errors.js';
import { parseEmailAddress } from '../shared/email-address.js';
import { RateLimitedError } from './crm.provider.js';
import type { CustomerSource } from './customer-source.js';
import { OVERLAP_MS, prefetch, type PrefetchOptions } from './prefetch.js';

const START = Date.parse('2026-11-24T09:00:00Z');
const MINUTE = 60_000;

beforeEach(() => void jest.useFakeTimers({ now: START }));
afterEach(() => void jest.useRealTimers());

const FIVE = ['a', 'b', 'c', 'd', 'e'].map((name) => listed(`${name}@x.example`, { name }));
const down = new EnricherError('CRM_UNAVAILABLE', 'it is down');
const refused = new EnricherError('CRM_MISCONFIGURED', 'no such cursor');

/** A provider, a store, and runs over both. */
function setUp(customers = FIVE) {
  const provider = new ListingProvider('crm', customers);
  const store = new MemoryLastKnown();
  const lookups = lookupsOver([provider], { lastKnown: store });
  const pauses: number[] = [];
  const stopping = new AbortController();
  const run = (options: PrefetchOptions = {}) =>
    prefetch(
      lookups.source('crm')!,
      store,
      {
        pause: (ms) => {
          pauses.push(ms);
          return jest.advanceTimersByTimeAsync(ms);
        },
        ...options,
      },
      stopping.signal,
    );
  const froms = () => provider.asked.map(({ from }) => from);
  return { provider, store, lookups, pauses, stopping, run, froms, known: () => [...store.records.keys()] };
}

describe('a run', () => {
  test('brings everybody, page by page, and keeps its place after each', async () => {
    const { run, store, froms, known } = setUp();
    const pages: unknown[] = [];
    const result = await run({ onPage: (progress) => void pages.push(progress) });
    expect(result).toEqual({
      end: { kind: 'complete' },
      customers: 5,
      newCustomers: 5,
      pages: 3,
      isResumed: false,
      ambiguous: 0,
    });
    expect(known()).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => `e:${name}@x.example`));
    expect(froms()).toEqual([null, 'p2', 'p4']);
    expect(pages).toMatchObject([{ customers: 2 }, { customers: 4 }, { customers: 5 }]);
    expect(store.states).toEqual([
      { completeUntil: null, open: { startedAt: START, next: 'p2', customers: 2 } },
      { completeUntil: null, open: { startedAt: START, next: 'p4', customers: 4 } },
      { completeUntil: START - OVERLAP_MS, open: null },
    ]);
  });

  test('after a whole one asks only for those who changed, from a little before it began', async () => {
    const { run, provider } = setUp();
    await run();
    await jest.advanceTimersByTimeAsync(60 * MINUTE);
    provider.asked.length = 0;
    await run();
    expect(provider.asked[0]).toEqual({ since: START - OVERLAP_MS, from: null });
    provider.asked.length = 0;
    await run({ isFull: true });
    expect(provider.asked[0]).toEqual({ since: null, from: null });
  });

  test('knows customers by all their addresses and domains, but no free-mail domain', async () => {
    const { run, known } = setUp([
      {
        emails: ['a@x.example', 'a+tag@x.example'],
        domains: ['x.example', 'gmail.com', 'sub.gmail.com'],
        record: { name: 'a' },
      },
    ]);
    await run();
    expect(known()).toEqual(['e:a@x.example', 'e:a+tag@x.example', 'd:x.example']);
  });

  test('reads what it listed before only when it listed something', async () => {
    const { run, store } = setUp();
    const read: string[] = [];
    const get = store.get.bind(store);
    store.get = (provider, id) => {
      read.push(id);
      return get(provider, id);
    };
    await run();
    expect(read).toEqual(['c', 'd', 'e'].map((name) => `e:${name}@x.example`));
  });

  test('of nobody is whole at once', async () => {
    const { run, store } = setUp([]);
    expect(await run()).toMatchObject({ end: { kind: 'complete' }, customers: 0, pages: 1 });
    expect(store.states).toEqual([{ completeUntil: START - OVERLAP_MS, open: null }]);
  });

  test('takes no place of the look-ups', async () => {
    const { run, provider, lookups, stopping } = setUp();
    provider.troubles.set(0, 'never');
    const running = run();
    const email = parseEmailAddress('a@x.example');
    expect((await lookups.lookup(email, AbortSignal.timeout(1_000))).lookup.state).toBe('found');
    stopping.abort();
    expect((await running).end).toEqual({ kind: 'stopped' });
  });
});

describe('a run that was interrupted', () => {
  async function interrupted() {
    const all = setUp();
    const { provider, run, stopping } = all;
    provider.troubles.set(2, 'never');
    const running = run();
    await jest.advanceTimersByTimeAsync(1);
    stopping.abort();
    expect(await running).toMatchObject({ end: { kind: 'stopped' }, customers: 4 });
    provider.asked.length = 0;
    provider.troubles.clear();
    await jest.advanceTimersByTimeAsync(MINUTE);
    const again = (options: PrefetchOptions = {}) =>
      prefetch(all.lookups.source('crm')!, all.store, options, new AbortController().signal);
    return { ...all, again };
  }

  test('is gone on with', async () => {
    const { again, froms, known, store } = await interrupted();
    expect(await again()).toMatchObject({
      end: { kind: 'complete' },
      customers: 5,
      newCustomers: 1,
      pages: 1,
      isResumed: true,
    });
    expect(froms()).toEqual(['p4']);
    expect(known()).toHaveLength(5);
    expect(store.states.at(-1)).toEqual({ completeUntil: START - OVERLAP_MS, open: null });
  });

  test('begins again when the CRM does not know the place any more', async () => {
    const { again, provider, froms, store } = await interrupted();
    provider.troubles.set(0, refused);
    expect(await again()).toMatchObject({ end: { kind: 'complete' }, customers: 5, isResumed: false });
    expect(froms()).toEqual(['p4', null, 'p2', 'p4']);
    expect(store.states.at(-1)).toEqual({ completeUntil: START + MINUTE + 1 - OVERLAP_MS, open: null });
  });

  test('begins again with everybody when that is asked for', async () => {
    const { again, froms } = await interrupted();
    await again({ isFull: true });
    expect(froms()).toEqual([null, 'p2', 'p4']);
  });
});

describe('two records', () => {
  const twin = listed('a@x.example', { name: 'twin' });

  test('with one address are no last known record, however often it is listed', async () => {
    const { run, known, lookups } = setUp([...FIVE, twin, FIVE[0]!, twin]);
    expect(await run()).toMatchObject({ ambiguous: 1 });
    expect(known()).toEqual(['b', 'c', 'd', 'e'].map((name) => `e:${name}@x.example`));
    const { lookup } = await lookups.lookup(parseEmailAddress('a@x.example'), AbortSignal.timeout(1_000));
    expect(lookup.state).toBe('ambiguous');
  });

  test('on one page neither', async () => {
    const { run, known } = setUp([FIVE[0]!, twin]);
    await run();
    expect(known()).toEqual([]);
  });

  test('that are the same are one', async () => {
    const { run, known } = setUp([...FIVE, listed('a@x.example', { name: 'a' })]);
    expect(await run()).toMatchObject({ ambiguous: 0 });
    expect(known()).toHaveLength(5);
  });

  test('of which one comes in a later run are taken for one that changed', async () => {
    const { run, provider, store } = setUp();
    await run();
    await jest.advanceTimersByTimeAsync(MINUTE);
    provider.customers = [twin];
    await run();
    expect(store.records.get('e:a@x.example')?.record).toEqual({ name: 'twin' });
  });
});

describe('a CRM in trouble', () => {
  test('that asks us to wait is waited for', async () => {
    const { run, provider, pauses } = setUp();
    provider.troubles.set(1, new RateLimitedError('slow down', 7_000));
    expect(await run()).toMatchObject({ end: { kind: 'complete' }, customers: 5 });
    expect(pauses).toEqual([7_000]);
  });

  test('that asks us to wait for no time is not asked at once', async () => {
    const { run, provider, pauses } = setUp();
    provider.troubles.set(1, new RateLimitedError('slow down', 0));
    expect(await run()).toMatchObject({ end: { kind: 'complete' } });
    expect(pauses).toEqual([500]);
  });

  test('that asks us to wait for too long is left alone, and the place kept', async () => {
    const { run, provider, pauses, store } = setUp();
    provider.troubles.set(1, new RateLimitedError('no calls left today', 3_600_000));
    expect(await run()).toMatchObject({
      end: { kind: 'failed', failure: { kind: 'rate_limited', message: 'no calls left today' } },
      customers: 2,
    });
    expect(pauses).toEqual([]);
    expect(store.states.at(-1)?.open).toMatchObject({ next: 'p2' });
  });

  test('that asks us to wait again and again is left alone in the end', async () => {
    const { run, provider, pauses } = setUp();
    for (let at = 0; at < 100; at++) provider.troubles.set(at, new RateLimitedError('slow down', 1_000));
    expect((await run()).end).toMatchObject({ kind: 'failed', failure: { kind: 'rate_limited' } });
    expect(pauses.length).toBeLessThan(30);
  });

  test.each([
    ['a circle', { '': 'a', a: 'b', b: 'c', c: 'a' }, [null, 'a', 'b', 'c']],
    ['one page', { '': 'a', a: 'a' }, [null, 'a']],
  ])('that lists %s again and again is left alone', async (_, nexts: Record<string, string>, asked) => {
    const { run, provider, froms } = setUp();
    provider.nextOf = (from) => (froms().length < 10 ? (nexts[from ?? ''] ?? null) : null);
    expect((await run()).end).toMatchObject({ kind: 'failed', failure: { kind: 'misconfigured' } });
    expect(froms()).toEqual(asked);
  });

  test('that lists in a circle is found out by a run that goes on, too', async () => {
    const { run, provider, froms } = setUp();
    provider.troubles.set(1, new RateLimitedError('no calls left today', 3_600_000));
    await run();
    provider.asked.length = 0;
    provider.troubles.clear();
    provider.nextOf = (from) => (froms().length < 10 ? (from === 'p2' ? 'a' : 'p2') : null);
    expect((await run()).end).toMatchObject({ kind: 'failed', failure: { kind: 'misconfigured' } });
    expect(froms()).toEqual(['p2', 'a']);
  });

  test.each([
    ['is down', down],
    ['limits the rate and does not say how long', new RateLimitedError('slow down', null)],
    ['fails in a way that nobody thought of', new TypeError('fetch failed')],
  ])('that %s for a moment is asked again, after ever longer pauses', async (_, trouble) => {
    const { run, provider, pauses } = setUp();
    for (const at of [1, 2, 3]) provider.troubles.set(at, trouble);
    expect(await run()).toMatchObject({ end: { kind: 'complete' }, customers: 5 });
    expect(pauses).toHaveLength(3);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
  });

  test('that stays down is given up until the next run, which goes on', async () => {
    const { run, provider, store, froms } = setUp();
    for (const at of [1, 2, 3, 4]) provider.troubles.set(at, down);
    expect(await run()).toMatchObject({ end: { kind: 'failed', failure: { message: 'it is down' } }, customers: 2 });
    expect(store.states.at(-1)?.open).toMatchObject({ next: 'p2' });
    provider.asked.length = 0;
    provider.troubles.clear();
    expect(await run()).toMatchObject({ end: { kind: 'complete' }, customers: 5 });
    expect(froms()).toEqual(['p2', 'p4']);
  });

  test('that never answers costs a minute a try', async () => {
    const { run, provider } = setUp();
    for (const at of [0, 1, 2, 3]) provider.troubles.set(at, 'never');
    const running = run({ pause: () => Promise.resolve() });
    await jest.advanceTimersByTimeAsync(10 * MINUTE);
    expect((await running).end).toMatchObject({
      kind: 'failed',
      failure: { kind: 'unavailable', message: 'no page of customers within 60 s' },
    });
    expect(provider.asked).toHaveLength(4);
  });

  test('that refuses us is not asked again', async () => {
    const { run, provider } = setUp();
    provider.troubles.set(1, refused);
    expect((await run()).end).toMatchObject({ kind: 'failed', failure: { kind: 'misconfigured' } });
    expect(provider.asked).toHaveLength(2);
  });

  test('that gives one page for ever is found out', async () => {
    const { run, provider } = setUp();
    provider.changedSince = async function* (_since, from) {
      this.asked.push({ since: null, from });
      yield await Promise.resolve({ customers: [], next: 'same' });
    };
    expect((await run()).end).toMatchObject({ kind: 'failed', failure: { kind: 'misconfigured' } });
    expect(provider.asked).toHaveLength(2);
  });
});

describe('a place that cannot be kept', () => {
  test('for a moment is kept a moment later', async () => {
    const { run, store } = setUp();
    store.failures = 3;
    expect((await run()).end).toEqual({ kind: 'complete' });
  });

  test('at all ends the run', async () => {
    const { run, store } = setUp();
    store.failures = 1_000;
    expect(await run()).toMatchObject({ end: { kind: 'failed' }, pages: 1 });
    expect(store.states).toEqual([]);
  });
});

test('whatever goes wrong in between, in the end everybody is there, and in one run nobody who is there twice', async () => {
  const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const customer = fc.tuple(fc.constantFrom(...NAMES), fc.nat(1));
  const trouble = fc.constantFrom(down, refused, new RateLimitedError('wait', 1), new RateLimitedError('wait', 9e9));
  await fc.assert(
    fc.asyncProperty(
      fc.array(customer, { maxLength: 12 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.tuple(fc.nat(20), trouble), { maxLength: 8 }),
      async (people, pageSize, troubles) => {
        const customers = people.map(([name, record]) => listed(`${name}@x.example`, { record }));
        const provider = new ListingProvider('crm', customers, pageSize);
        for (const [at, what] of troubles) provider.troubles.set(at, what);
        const store = new MemoryLastKnown();
        const source = lookupsOver([provider], { lastKnown: store }).source('crm')!;
        const pause = (ms: number) => {
          jest.setSystemTime(Date.now() + ms);
          return Promise.resolve();
        };
        let runs = 0;
        for (let isComplete = false; !isComplete; runs++)
          isComplete = (await prefetch(source, store, { pause }, new AbortController().signal)).end.kind === 'complete';
        const recordsOf = (name: string) => new Set(people.filter(([who]) => who === name).map(([, record]) => record));
        for (const name of NAMES) {
          const isThere = store.records.has(`e:${name}@x.example`);
          if (recordsOf(name).size < 2) expect(isThere).toBe(recordsOf(name).size === 1);
          else if (runs === 1) expect(isThere).toBe(false);
        }
      },
    ),
  );
});

describe('what came meanwhile', () => {
  const ID = 'e:a@x.example';

  /** A run in which something happens just before the first page is given. */
  async function runWith(happens: (source: CustomerSource) => void) {
    const { run, provider, lookups, store } = setUp();
    provider.onPage = () => {
      provider.onPage = () => undefined;
      jest.setSystemTime(START + 1);
      happens(lookups.source('crm')!);
    };
    expect(await run()).toMatchObject({ end: { kind: 'complete' }, ambiguous: 0 });
    return store.records.get(ID)?.record;
  }

  test('from the CRM itself stays', async () => {
    const record = { name: 'later' };
    expect(await runWith((source) => source.replace({ id: ID, record, seenAt: Date.now() }))).toEqual(record);
  });

  test('as gone stays away', async () => {
    expect(await runWith((source) => source.forget([ID]))).toBeUndefined();
  });

  test('and is listed otherwise later in the run is not taken for a second record', async () => {
    const { run, provider, lookups, store } = setUp([...FIVE, listed('z@x.example', { name: 'listed' })]);
    const id = 'e:z@x.example';
    provider.onPage = () => {
      provider.onPage = () => undefined;
      lookups.source('crm')!.replace({ id, record: { name: 'brought' }, seenAt: START + 1 });
      jest.setSystemTime(START + MINUTE);
    };
    expect(await run()).toMatchObject({ ambiguous: 0 });
    expect(store.records.get(id)?.record).toEqual({ name: 'listed' });
  });
});
