import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { ActionType } from '../actions/action.js';
import type { Composition } from '../actions/compose-actions.js';
import { SendStore, type Taking } from '../decisions/send-store.js';
import type { Facts } from '../facts/facts.js';
import { AddressHash } from '../shared/address-hash.js';
import { SendGuard } from './send-guard.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LONG_MS = 20_000;

type Taken = ReadonlySet<string>;

/** Of other processes; gives every place unless it is told otherwise. */
class FakeSends extends SendStore {
  readonly asked: (Taking & { readonly scopes: readonly string[] })[] = [];
  answer: (scopes: readonly string[]) => Promise<Taken> = (scopes) => Promise.resolve(new Set(scopes));

  override takeSends(scopes: readonly string[], taking: Taking): Promise<Taken> {
    this.asked.push({ scopes, ...taking });
    return this.answer(scopes);
  }

  override purgeSends(): Promise<number> {
    return Promise.resolve(0);
  }
}

const silent = () => new Promise<Taken>(() => undefined);
const refuse = () => Promise.resolve(new Set<string>());
const fail = () => Promise.reject(new Error('the store is closed'));

/** Actions of so many types, each with the rule that wants it. */
const compose = (...wanted: readonly (readonly [rule: string, type: ActionType])[]): Composition => ({
  actions: wanted.map(([, type], index) => ({ type, name: String(index), value: {} }) as Composition['actions'][0]),
  rules: wanted.map(([rule]) => rule),
  suppressed: [],
});
const MAIL = compose(['ack', 'sendMessage']);
const many = (count: number) =>
  compose(...Array.from({ length: count }, (_, index) => [`ack-${index}`, 'sendMessage'] as const));

interface Setup {
  readonly store?: FakeSends;
  readonly isStoreDown?: () => boolean;
  readonly key?: string;
}

interface Sending {
  readonly composition?: Composition;
  readonly leftMs?: number;
  readonly conversationId?: string | null;
  readonly address?: string;
}

class Guarded {
  readonly store: FakeSends;
  readonly #guard: SendGuard;

  constructor({ store = new FakeSends(), isStoreDown = () => false, key = 'key' }: Setup = {}) {
    this.store = store;
    this.#guard = new SendGuard(store, { windowMs: HOUR, hash: new AddressHash(key), isStoreDown });
  }

  /** Names of the actions that go out. */
  async send(
    messageId: string,
    { composition = MAIL, leftMs = LONG_MS, conversationId = 'c1', address = 'dana@x.example' }: Sending = {},
  ): Promise<readonly string[]> {
    const facts = { message: { conversationId }, sender: { address } } as Facts;
    const key = { mailbox: 'claims@insurer.example', event: 'received', messageId };
    const { actions, rules, suppressed } = await this.#guard.admit(composition, facts, key, leftMs);
    expect(rules).toHaveLength(actions.length);
    expect(actions.length + suppressed.length).toBe(composition.actions.length);
    for (const { reason } of suppressed) expect(reason).toBe('sent_lately');
    return actions.map(({ name }) => name ?? '');
  }
}

beforeEach(() => {
  jest.useFakeTimers({ now: new Date('2026-11-23T14:00:00Z') });
});
afterEach(() => {
  jest.useRealTimers();
});

test.each<[what: string, composition: Composition, sent: readonly string[]]>([
  ['two rules', compose(['a', 'sendMessage'], ['b', 'sendMessage']), ['0', '1']],
  ['two kinds of a rule', compose(['a', 'sendMessage'], ['a', 'forwardMessage']), ['0', '1']],
  ['rules whose names differ in case', compose(['a', 'sendMessage'], ['A', 'sendMessage']), ['0', '1']],
  [
    'a rule twice',
    compose(['a', 'sendMessage'], ['a', 'tag'], ['a', 'sendMessage'], ['a', 'sendMessage']),
    ['0', '1', '2', '3'],
  ],
  ['nobody', compose(['a', 'tag'], ['a', 'tag']), ['0', '1']],
])('mail of %s goes out for one message of the conversation', async (_, composition, sent) => {
  const guarded = new Guarded();
  expect(await guarded.send('m1', { composition })).toEqual(sent);
  expect(await guarded.send('m1', { composition })).toEqual(sent);
  const other = composition.actions.filter(({ type }) => type === 'tag').map(({ name }) => name);
  expect(await guarded.send('m2', { composition })).toEqual(other);
});

test('all places of a delivery are taken in one go, and the store is told from when to when those of others count', async () => {
  const guarded = new Guarded();
  expect(await guarded.send('m1', { composition: many(8) })).toHaveLength(8);
  const at = Date.now();
  expect(guarded.store.asked).toMatchObject([{ at, since: at - HOUR, until: at + MINUTE }]);
  expect(new Set(guarded.store.asked[0]!.scopes).size).toBe(8);
});

test('what the store refuses does not go out, and is asked for again', async () => {
  const guarded = new Guarded();
  guarded.store.answer = ([first]) => Promise.resolve(new Set([first!]));
  expect(await guarded.send('m1', { composition: many(3) })).toEqual(['0']);
  guarded.store.answer = (scopes) => Promise.resolve(new Set(scopes));
  expect(await guarded.send('m2', { composition: many(3) })).toEqual(['1', '2']);
});

test.each([
  [8, 20_000, 500],
  [1, 20_000, 500],
  [8, 300, 150],
  [8, -100, 10],
])('a silent store holds up %i messages, with %i ms left, for %i ms at most', async (count, leftMs, waitedMs) => {
  const guarded = new Guarded();
  guarded.store.answer = silent;
  const sent = guarded.send('m1', { composition: many(count), leftMs });
  await jest.advanceTimersByTimeAsync(waitedMs);
  expect(await sent).toHaveLength(count);
});

describe.each<[what: string, answer: FakeSends['answer'], isDown: boolean]>([
  ['is silent', silent, false],
  ['fails', fail, false],
  ['is known to be down', refuse, true],
])('while the store %s', (_, answer, isDown) => {
  const start = () => {
    const guarded = new Guarded({ isStoreDown: () => isDown });
    guarded.store.answer = answer;
    return guarded;
  };
  const sendAll = async (...sends: readonly Promise<readonly string[]>[]) => {
    await jest.advanceTimersByTimeAsync(500);
    return (await Promise.all(sends)).map((sent) => sent.length);
  };

  test('the process counts by itself, also of two deliveries at once', async () => {
    const guarded = start();
    expect(await sendAll(guarded.send('m1'), guarded.send('m2'))).toEqual([1, 0]);
    expect(await sendAll(guarded.send('m1'), guarded.send('m3'))).toEqual([1, 0]);
    expect(guarded.store.asked).toHaveLength(isDown ? 0 : 2);
  });

  test.each([
    ['an hour ago', -HOUR, 1],
    ['just now', 0, 0],
    ['less than an hour ago', -HOUR + 1, 0],
    ['by a clock that is ahead a little', MINUTE, 0],
    ['by a clock that was ahead a day', DAY, 1],
  ])('what was sent %s counts as it should', async (__, offsetMs, count) => {
    const guarded = start();
    const now = Date.now();
    jest.setSystemTime(now + offsetMs);
    await sendAll(guarded.send('m1'));
    jest.setSystemTime(now);
    expect(await sendAll(guarded.send('m2'))).toEqual([count]);
  });
});

test('what is stored cannot be guessed without the key, and is the same with it', async () => {
  const stored = async (key: string, address: string) => {
    const guarded = new Guarded({ key });
    await guarded.send('m1', { conversationId: null, address });
    const [{ scopes, by }] = guarded.store.asked as [FakeSends['asked'][0]];
    return [...scopes, by];
  };
  const [scope, by] = await stored('key', 'dana@x.example');
  expect(await stored('key', 'dana@x.example')).toEqual([scope, by]);
  const [otherSender] = await stored('key', 'lee@x.example');
  const others = await stored('another key', 'dana@x.example');
  expect(new Set([scope, by, otherSender, ...others]).size).toBe(5);
});
