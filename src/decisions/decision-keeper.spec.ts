import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { DecisionKeeper } from './decision-keeper.js';
import type { Claim, DecisionRow, DecisionStore, DeliveryKey, Lease, StoredAnswer } from './decision-store.js';

/** A database that can be down, slow to say so, or forget what it was doing. */
class ScriptedStore implements DecisionStore {
  state: 'up' | 'down' | 'silent' = 'up';
  readonly rows = new Map<string, DecisionRow>();
  readonly renewed: string[][] = [];
  asked = 0;
  /** Its line is so slow that it is given no more in time. */
  charactersAtOnce = Infinity;
  until: Promise<void> = Promise.resolve();
  #underWay = 0;

  claim(): Promise<Claim> {
    return this.#answer(() => ({ kind: 'claimed' }));
  }

  async commit(decision: DecisionRow): Promise<StoredAnswer> {
    this.#underWay += decision.answer.body.length;
    await this.until;
    const isTooMuch = this.#underWay > this.charactersAtOnce;
    this.#underWay -= decision.answer.body.length;
    if (isTooMuch) return new Promise(() => undefined);
    return this.#answer(() => {
      const earlier = this.rows.get(decision.messageId);
      if (earlier === undefined) this.rows.set(decision.messageId, decision);
      return (earlier ?? decision).answer;
    });
  }

  release(): Promise<void> {
    return this.#answer(() => undefined);
  }

  renew(keys: readonly DeliveryKey[], { owner }: Lease): Promise<void> {
    return this.#answer(() => void this.renewed.push([owner, ...keys.map(({ messageId }) => messageId)]));
  }

  list(): Promise<DecisionRow[]> {
    return this.#answer(() => []);
  }

  get(): Promise<DecisionRow | null> {
    return this.#answer(() => null);
  }

  eraseSender(): Promise<number> {
    return this.#answer(() => 0);
  }

  purge(): Promise<number> {
    return this.#answer(() => 0);
  }

  async #answer<T>(work: () => T): Promise<T> {
    this.asked += 1;
    const { state } = this;
    await null;
    if (state === 'down') throw new Error('connection refused');
    return state === 'silent' ? new Promise(() => undefined) : work();
  }
}

const PATIENCE_MS = 2_000;
const key = (messageId: string) => ({ mailbox: 'claims@insurer.example', event: 'received', messageId });
const decision = (messageId: string, body = messageId): DecisionRow => ({
  ...key(messageId),
  id: messageId,
  bodyHash: 'hash',
  decidedAt: 1,
  answer: { status: 200, body, revision: 'r' },
  outcome: 'acted',
  senderHash: null,
  lookupState: null,
  rules: [],
  record: '{}',
});

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function makeKeeper({ maxBuffered = 3, maxBufferedCharacters = 10_000, askAgainMs = PATIENCE_MS } = {}) {
  const store = new ScriptedStore();
  const heard: (string | null)[] = [];
  const options = {
    timeoutMs: PATIENCE_MS,
    askAgainMs,
    tryAgainMs: 1_000,
    maxBuffered,
    maxBufferedCharacters,
    report: (why: string | null) => void heard.push(why),
    lost: (decisions: number) => void heard.push(`${decisions} lost`),
  };
  return { store, heard, keeper: new DecisionKeeper(store, 'us', options) };
}

test('a decision is in the database when it resolves, and an earlier one counts', async () => {
  const { store, keeper } = makeKeeper();
  expect(await keeper.keep(decision('m1'), PATIENCE_MS)).toEqual(decision('m1').answer);
  expect(store.rows.get('m1')).toEqual(decision('m1'));
  expect(await keeper.keep(decision('m1', 'other'), PATIENCE_MS)).toEqual(decision('m1').answer);
  expect(keeper.status).toEqual({ state: 'ok', reason: null, buffered: 0, dropped: 0 });
});

test.each([
  ['refuses', 'down', 'connection refused'],
  ['is silent', 'silent', 'no answer within 2000 ms'],
] as const)('a database that %s is waited for once, then written when it is back', async (_, state, reason) => {
  const { store, heard, keeper } = makeKeeper();
  store.state = state;
  const first = keeper.keep(decision('m1'), PATIENCE_MS);
  await jest.advanceTimersByTimeAsync(2_000);
  expect(await first).toEqual(decision('m1').answer);
  // Nobody waits any more: no clock runs here.
  expect(await keeper.keep(decision('m2'), PATIENCE_MS)).toEqual(decision('m2').answer);
  expect(await keeper.claim(key('m3'), 'hash', PATIENCE_MS)).toBeNull();
  expect(keeper.status).toEqual({ state: 'down', reason, buffered: 2, dropped: 0 });
  store.state = 'up';
  await jest.advanceTimersByTimeAsync(3_000);
  expect([...store.rows.keys()]).toEqual(['m1', 'm2']);
  expect(keeper.status).toEqual({ state: 'ok', reason: null, buffered: 0, dropped: 0 });
  expect(heard).toEqual([reason, null]);
});

test('what waits is known, though the database is not', async () => {
  const { store, keeper } = makeKeeper();
  store.state = 'down';
  await keeper.keep(decision('m1'), PATIENCE_MS);
  const { answer, bodyHash, decidedAt } = decision('m1');
  expect(await keeper.claim(key('m1'), 'hash', PATIENCE_MS)).toEqual({ kind: 'done', bodyHash, decidedAt, answer });
});

test('what was answered lately is given again while the database does not say', async () => {
  const { store, keeper } = makeKeeper({ maxBuffered: 1 });
  await keeper.keep(decision('kept'), PATIENCE_MS);
  store.state = 'down';
  await keeper.keep(decision('dropped'), PATIENCE_MS);
  await keeper.keep(decision('waits'), PATIENCE_MS);
  for (const id of ['kept', 'dropped', 'waits']) {
    const { answer, bodyHash, decidedAt } = decision(id);
    expect(await keeper.claim(key(id), 'hash', PATIENCE_MS)).toEqual({ kind: 'done', bodyHash, decidedAt, answer });
  }
  expect(await keeper.claim(key('new'), 'hash', PATIENCE_MS)).toBeNull();
});

test('too many that wait drop the oldest, and are counted', async () => {
  const { store, keeper } = makeKeeper();
  store.state = 'down';
  for (const id of ['m1', 'm2', 'm3', 'm4', 'm5']) await keeper.keep(decision(id), PATIENCE_MS);
  expect(keeper.status).toMatchObject({ buffered: 3, dropped: 2 });
  store.state = 'up';
  await jest.advanceTimersByTimeAsync(1_000);
  expect([...store.rows.keys()]).toEqual(['m3', 'm4', 'm5']);
  expect(keeper.status.dropped).toBe(2);
});

test('what waits is bounded by its size too', async () => {
  const { store, keeper } = makeKeeper({ maxBuffered: 100, maxBufferedCharacters: 1_000 });
  store.state = 'down';
  for (const id of ['m1', 'm2', 'm3']) await keeper.keep(decision(id, 'x'.repeat(400)), PATIENCE_MS);
  expect(keeper.status).toMatchObject({ buffered: 2, dropped: 1 });
  store.state = 'up';
  await jest.advanceTimersByTimeAsync(1_000);
  for (const id of ['m4', 'm5', 'm6']) await keeper.keep(decision(id, 'x'.repeat(400)), PATIENCE_MS);
  expect(keeper.status).toMatchObject({ buffered: 0, dropped: 1 });
});

test('a silent database is not given the same again and again', async () => {
  const { store, keeper } = makeKeeper();
  store.state = 'silent';
  const first = keeper.keep(decision('m1'), PATIENCE_MS);
  await jest.advanceTimersByTimeAsync(60_000);
  await first;
  expect(store.asked).toBe(2);
});

test('a database that went down at a claim is found again although nothing waits', async () => {
  const { store, heard, keeper } = makeKeeper();
  store.state = 'down';
  expect(await keeper.claim(key('m1'), 'hash', PATIENCE_MS)).toBeNull();
  store.state = 'up';
  await jest.advanceTimersByTimeAsync(1_000);
  expect(await keeper.claim(key('m1'), 'hash', PATIENCE_MS)).toEqual({ kind: 'claimed' });
  expect(heard).toEqual(['connection refused', null]);
});

test('closing writes what waits, when it can', async () => {
  const { store, keeper } = makeKeeper();
  store.state = 'down';
  await keeper.keep(decision('m1'), PATIENCE_MS);
  store.state = 'up';
  await keeper.close();
  expect([...store.rows.keys()]).toEqual(['m1']);
});

test.each(['claim', 'keep'] as const)('a database that refuses for a moment is asked again, at a %s', async (what) => {
  const { store, heard, keeper } = makeKeeper({ askAgainMs: 100 });
  store.state = 'down';
  const asked =
    what === 'claim' ? keeper.claim(key('m1'), 'hash', PATIENCE_MS) : keeper.keep(decision('m1'), PATIENCE_MS);
  await jest.advanceTimersByTimeAsync(1_750);
  store.state = 'up';
  await jest.advanceTimersByTimeAsync(100);
  expect(await asked).toEqual(what === 'claim' ? { kind: 'claimed' } : decision('m1').answer);
  expect(heard).toEqual([]);
  expect(store.rows.size).toBe(what === 'claim' ? 0 : 1);
});

test('one that refuses for longer is down, and is not asked for each message', async () => {
  const { store, heard, keeper } = makeKeeper({ askAgainMs: 100 });
  store.state = 'down';
  const asked = keeper.claim(key('m1'), 'hash', PATIENCE_MS);
  await jest.advanceTimersByTimeAsync(2_000);
  expect(await asked).toBeNull();
  expect(heard).toEqual(['connection refused']);
  const { asked: before } = store;
  expect(await keeper.claim(key('m2'), 'hash', PATIENCE_MS)).toBeNull();
  expect(store.asked).toBe(before);
});

test('what is claimed and not decided yet is renewed, and nothing else', async () => {
  const { store, keeper } = makeKeeper();
  for (const id of ['kept', 'given back', 'open']) await keeper.claim(key(id), 'hash', PATIENCE_MS);
  await keeper.keep(decision('kept'), PATIENCE_MS);
  await keeper.release(key('given back'));
  await jest.advanceTimersByTimeAsync(2_000);
  expect(store.renewed).toEqual([
    ['us', 'open'],
    ['us', 'open'],
  ]);
  await keeper.keep(decision('open'), PATIENCE_MS);
  await keeper.close();
  await jest.advanceTimersByTimeAsync(5_000);
  expect(store.renewed).toHaveLength(2);
});

test('closing writes what waits, also when a try is under way that will fail', async () => {
  const { store, keeper } = makeKeeper();
  store.state = 'down';
  await keeper.keep(decision('m1'), PATIENCE_MS);
  jest.advanceTimersByTime(1_000);
  store.state = 'up';
  await keeper.close();
  expect([...store.rows.keys()]).toEqual(['m1']);
});

test('what cannot be written before the end is counted and told', async () => {
  const { store, heard, keeper } = makeKeeper();
  store.state = 'down';
  for (const id of ['m1', 'm2']) await keeper.keep(decision(id), PATIENCE_MS);
  await keeper.close();
  expect(heard).toEqual(['connection refused', '2 lost']);
  expect(keeper.status).toMatchObject({ dropped: 2 });
});

test.each(['renew', 'release'] as const)('a %s that fails does not make the database down', async (what) => {
  const { store, heard, keeper } = makeKeeper({ askAgainMs: 100 });
  await keeper.claim(key('open'), 'hash', PATIENCE_MS);
  store.state = 'down';
  if (what === 'release') await keeper.release(key('open'));
  else await jest.advanceTimersByTimeAsync(1_000);
  expect(heard).toEqual([]);
  const claimed = keeper.claim(key('m1'), 'hash', PATIENCE_MS);
  store.state = 'up';
  await jest.advanceTimersByTimeAsync(100);
  expect(await claimed).toEqual({ kind: 'claimed' });
});

test('what waits is written in parts that a slow line is through with in time', async () => {
  const { store, keeper } = makeKeeper({ maxBuffered: 1_000, maxBufferedCharacters: Infinity });
  store.state = 'down';
  for (let index = 0; index < 12; index++) await keeper.keep(decision(`m${index}`, 'x'.repeat(100_000)), PATIENCE_MS);
  store.state = 'up';
  store.charactersAtOnce = 600_000;
  await jest.advanceTimersByTimeAsync(1_000);
  expect(store.rows.size).toBe(12);
});

test('what was written late, when nobody waited any more, is not written again', async () => {
  const { store, keeper } = makeKeeper();
  store.state = 'down';
  await keeper.keep(decision('m1'), PATIENCE_MS);
  const late = Promise.withResolvers<void>();
  store.state = 'up';
  store.until = late.promise;
  await jest.advanceTimersByTimeAsync(1_000 + PATIENCE_MS);
  const { asked } = store;
  late.resolve();
  store.until = Promise.resolve();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(keeper.status).toMatchObject({ state: 'ok', buffered: 0 });
  // The late one, and whether the database is back.
  expect(store.asked).toBe(asked + 2);
});
