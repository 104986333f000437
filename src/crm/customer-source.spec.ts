import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { lookupsOver, ScriptedProvider, SILENT } from '../../test/support/scripted-provider.js';
import type { CustomerRecord, JsonValue, LookupState } from '../facts/facts.js';
import { parseEmailAddress } from '../shared/email-address.js';
import { EnricherError } from '../shared/errors.js';
import type { LastKnown, LastKnownStore } from './last-known.js';
import { createLookups } from './create-lookups.js';
import { DEFAULT_LOOKUP_OPTIONS } from './lookup-options.js';
import type { LookupService } from './lookup.service.js';

const ADDRESS = 'dana@northwind.example';
const EMAIL = parseEmailAddress(ADDRESS)!;
const FOREVER = new AbortController().signal;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const down = new EnricherError('CRM_UNAVAILABLE', 'it is down');
const refused = new EnricherError('CRM_MISCONFIGURED', 'wrong password');

/** Last known values in memory, as old as they may be. */
class MemoryStore implements LastKnownStore {
  readonly records = new Map<string, LastKnown>();

  get(_: unknown, id: string) {
    return Promise.resolve(this.records.get(id) ?? null);
  }

  put(_: unknown, records: readonly LastKnown[]) {
    for (const known of records) this.records.set(known.id, known);
  }

  drop(_: unknown, ids: readonly string[]) {
    for (const id of ids) this.records.delete(id);
  }

  prefetchState() {
    return Promise.resolve({ completeUntil: null, open: null });
  }

  savePrefetchState() {
    return Promise.resolve();
  }

  close() {
    return Promise.resolve();
  }
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const crm = (answers: ScriptedProvider['answers'], name = 'crm') => new ScriptedProvider(name, answers);

/** The state, tier and age of a look-up, while the clock runs as far as it needs to. */
async function lookUp(lookups: LookupService, address = ADDRESS) {
  const answer = lookups.lookup(parseEmailAddress(address), FOREVER);
  let isOver = false;
  void answer.finally(() => (isOver = true));
  for (let step = 0; !isOver && step < 10_000; step++) await jest.advanceTimersByTimeAsync(isOver ? 0 : 1);
  const { customer, lookup } = await answer;
  const { state, matchedBy, stale, ageSeconds } = lookup;
  return { state, matchedBy, stale, ageSeconds, tier: customer?.['tier'] };
}

describe('a customer that was found', () => {
  test('is given for 15 minutes without a call, then at once while it is fetched anew', async () => {
    let tier = 'silver';
    const provider = crm({ [ADDRESS]: () => ({ tier }) });
    const lookups = lookupsOver([provider]);
    await lookUp(lookups);
    tier = 'gold';
    await jest.advanceTimersByTimeAsync(14 * MINUTE);
    expect(await lookUp(lookups)).toMatchObject({ tier: 'silver', stale: false, ageSeconds: 14 * 60 });
    expect(provider.asked).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(6 * MINUTE);
    expect(await lookUp(lookups)).toMatchObject({ tier: 'silver', stale: true, matchedBy: 'email', ageSeconds: 1_200 });
    expect(await lookUp(lookups)).toMatchObject({ tier: 'gold', stale: false, ageSeconds: 0 });
    expect(provider.asked).toHaveLength(2);
  });

  test('is asked for anew after a long time, and the answer waited for', async () => {
    let tier = 'silver';
    const provider = crm({ [ADDRESS]: () => ({ tier }) });
    const lookups = lookupsOver([provider]);
    await lookUp(lookups);
    tier = 'gold';
    await jest.advanceTimersByTimeAsync(DAY);
    expect(await lookUp(lookups)).toMatchObject({ tier: 'gold', stale: false, ageSeconds: 0 });
  });

  test('stays while fetching it anew fails', async () => {
    const answers: ScriptedProvider['answers'] = { [ADDRESS]: { tier: 'gold' } };
    const lookups = lookupsOver([crm(answers)]);
    await lookUp(lookups);
    answers[ADDRESS] = down;
    await jest.advanceTimersByTimeAsync(20 * MINUTE);
    expect(await lookUp(lookups)).toMatchObject({ tier: 'gold', stale: true });
    expect(await lookUp(lookups)).toMatchObject({ tier: 'gold', stale: true });
  });
});

test.each([
  ['nobody', undefined, 'not_found'],
  ['two', 'ambiguous', 'ambiguous'],
] as const)('an address that %s has is not asked for again for 2 minutes', async (_, answer, state) => {
  const answers: ScriptedProvider['answers'] = answer === undefined ? {} : { [ADDRESS]: answer };
  const provider = crm(answers);
  const lookups = lookupsOver([provider]);
  expect((await lookUp(lookups)).state).toBe(state);
  const asked = provider.asked.length;
  answers[ADDRESS] = { tier: 'gold' };
  await jest.advanceTimersByTimeAsync(MINUTE);
  expect((await lookUp(lookups)).state).toBe(state);
  expect(provider.asked).toHaveLength(asked);
  await jest.advanceTimersByTimeAsync(MINUTE);
  expect(await lookUp(lookups)).toMatchObject({ state: 'found', tier: 'gold' });
});

test.each([
  ['a failure', down],
  ['a refusal', refused],
])('%s is never kept', async (_, failure) => {
  const answers: ScriptedProvider['answers'] = { [ADDRESS]: failure };
  const lookups = lookupsOver([crm(answers)]);
  expect((await lookUp(lookups)).state).toBe('unavailable');
  answers[ADDRESS] = { tier: 'gold' };
  expect(await lookUp(lookups)).toMatchObject({ state: 'found', tier: 'gold' });
});

describe('many at once', () => {
  test('from one sender make one call', async () => {
    const provider = crm({ [ADDRESS]: () => Promise.resolve({ tier: 'gold' }) });
    const lookups = lookupsOver([provider]);
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => lookups.lookup(EMAIL, FOREVER)));
    expect(new Set(answers.map(({ customer }) => customer?.['tier']))).toEqual(new Set(['gold']));
    expect(provider.asked).toEqual([ADDRESS]);
  });

  test('from many senders are never more calls than allowed', async () => {
    const provider = crm({ '*': () => Promise.resolve({ tier: 'gold' }) });
    const lookups = lookupsOver([provider]);
    const senders = Array.from({ length: 1_000 }, (_, index) => parseEmailAddress(`p${index}@northwind.example`)!);
    const answers = await Promise.all(senders.map((sender) => lookups.lookup(sender, FOREVER)));
    expect(answers.every(({ lookup }) => lookup.state === 'found')).toBe(true);
    expect([provider.asked.length, provider.mostUnderWay]).toEqual([
      1_000,
      DEFAULT_LOOKUP_OPTIONS.protection.maxConcurrent,
    ]);
  });

  test('share a call that goes on while one of them waits, and is cancelled with the last', async () => {
    const provider = crm({ '*': 'patient' });
    const lookups = lookupsOver([provider]);
    const waiters = [new AbortController(), new AbortController()];
    const answers = waiters.map(({ signal }) => lookups.lookup(EMAIL, signal));
    await jest.advanceTimersByTimeAsync(100);
    waiters[0]!.abort();
    expect((await answers[0]!).lookup.state).toBe('unavailable');
    expect(provider.aborted).toEqual([]);
    waiters[1]!.abort();
    expect((await answers[1]!).lookup.state).toBe('unavailable');
    expect(provider.aborted).toEqual([ADDRESS]);
  });
});

describe('a check', () => {
  test.each([
    ['the one who asked first', 0],
    ['the one who came later', 1],
  ])('is one call, and goes on for the other when %s cannot wait any longer', async (_, hasty) => {
    const answer = Promise.withResolvers<{ tier: string }>();
    const provider = crm({ check: () => answer.promise });
    const lookups = lookupsOver([provider]);
    const waiters = [new AbortController(), new AbortController()];
    const ends = waiters.map(({ signal }) =>
      lookups.check(signal).then(([status]) => [status?.state, status?.message] as const),
    );
    await jest.advanceTimersByTimeAsync(1);
    waiters[hasty]!.abort();
    expect(await ends[hasty]).toEqual(['unavailable', 'the answer could wait no longer']);
    answer.resolve({ tier: 'gold' });
    expect(await ends[1 - hasty]!).toEqual(['ok', null]);
    expect(provider.asked).toEqual(['check']);
  });

  test('that nobody waits for any more is cancelled', async () => {
    const provider = crm({ check: 'patient' });
    const waiter = new AbortController();
    const end = lookupsOver([provider]).check(waiter.signal);
    await jest.advanceTimersByTimeAsync(1);
    waiter.abort();
    expect(await end).toMatchObject([{ state: 'unavailable' }]);
    expect(provider.aborted).toEqual(['check']);
  });
});

describe('the last known record', () => {
  const kept = (answers: ScriptedProvider['answers']) => {
    const provider = crm(answers);
    const lastKnown = new MemoryStore();
    return { answers, provider, lastKnown, lookups: lookupsOver([provider], { lastKnown }) };
  };

  test.each([
    ['down', down],
    ['misconfigured', refused],
    ['silent', 'never'],
  ] as const)('stands in for a provider that is %s, with its age', async (_, failure) => {
    const { answers, lookups } = kept({ [ADDRESS]: { tier: 'gold' } });
    await lookUp(lookups);
    answers[ADDRESS] = failure;
    await jest.advanceTimersByTimeAsync(20 * DAY);
    const known = await lookUp(lookups);
    expect(known).toMatchObject({ state: 'found', matchedBy: 'last_known', stale: true, tier: 'gold' });
    expect(known.ageSeconds).toBeGreaterThanOrEqual((20 * DAY) / 1_000);
    expect(known.ageSeconds).toBeLessThan((20 * DAY) / 1_000 + 10);
  });

  test('of a company stands in for its people whom nobody knew', async () => {
    const { answers, lookups } = kept({ '@northwind.example': { tier: 'company' } });
    await lookUp(lookups, 'kim@northwind.example');
    answers['*'] = down;
    answers['@northwind.example'] = down;
    await jest.advanceTimersByTimeAsync(DAY);
    expect(await lookUp(lookups, 'lee@northwind.example')).toMatchObject({ matchedBy: 'last_known', tier: 'company' });
  });

  test.each([['nobody'], ['several']])('is forgotten when the provider says that %s has the address', async (who) => {
    const { answers, lookups } = kept({ [ADDRESS]: { tier: 'gold' } });
    await lookUp(lookups);
    if (who === 'several') answers[ADDRESS] = 'ambiguous';
    else delete answers[ADDRESS];
    await jest.advanceTimersByTimeAsync(DAY);
    await lookUp(lookups);
    answers[ADDRESS] = down;
    await jest.advanceTimersByTimeAsync(DAY);
    expect((await lookUp(lookups)).state).toBe('unavailable');
  });

  test('of an address goes before what another provider knows of its domain, not before what it knows of the address', async () => {
    const first = crm({ [ADDRESS]: { tier: 'first' } }, 'first');
    const second = crm({ '@northwind.example': { tier: 'second by domain' } }, 'second');
    const lookups = lookupsOver([first, second], { lastKnown: new MemoryStore() });
    await lookUp(lookups);
    first.answers['*'] = down;
    first.answers[ADDRESS] = down;
    await jest.advanceTimersByTimeAsync(DAY);
    expect(await lookUp(lookups)).toMatchObject({ matchedBy: 'last_known', tier: 'first' });
    second.answers[ADDRESS] = { tier: 'second by address' };
    await jest.advanceTimersByTimeAsync(DAY);
    expect(await lookUp(lookups)).toMatchObject({ matchedBy: 'email', tier: 'second by address' });
  });

  test.each([
    ['is slow', 400, 3],
    ['never answers', Infinity, 1],
  ])('is waited for a second at most by a message with four keys when the store %s', async (_, readMs, reads) => {
    const lastKnown = new MemoryStore();
    const read: string[] = [];
    lastKnown.get = (__, id) => {
      read.push(id);
      return new Promise((resolve) => {
        if (readMs !== Infinity) setTimeout(() => resolve(null), readMs);
      });
    };
    const lookups = lookupsOver([crm({ '*': refused })], { lastKnown });
    expect((await lookUp(lookups, 'dana+claim@mail.northwind.example')).state).toBe('unavailable');
    expect(read).toHaveLength(reads);
  });

  test('is told to the observer, and costs nothing when the store fails', async () => {
    const lastKnown = new MemoryStore();
    const remembered: string[] = [];
    const provider = crm({ [ADDRESS]: { tier: 'gold' } });
    const observer = { ...SILENT, remembered: (name: string) => void remembered.push(name) };
    const lookups = lookupsOver([provider], { lastKnown, observer });
    await lookUp(lookups);
    provider.answers[ADDRESS] = down;
    await jest.advanceTimersByTimeAsync(DAY);
    await lookUp(lookups);
    expect(remembered).toEqual(['crm']);
    lastKnown.get = () => Promise.reject(new Error('disk'));
    expect((await lookUp(lookups)).state).toBe('unavailable');
  });
});

describe('what a CRM brings by itself', () => {
  const RECORD = { tier: 'brought' };
  const ID = `e:${ADDRESS}`;

  test('is given at once', async () => {
    const provider = crm({ [ADDRESS]: { tier: 'silver' } });
    const lookups = lookupsOver([provider]);
    await lookUp(lookups);
    lookups.source('crm')!.replace({ id: ID, record: RECORD, seenAt: Date.now() });
    expect(await lookUp(lookups)).toMatchObject({ tier: 'brought', stale: false });
    expect(provider.asked).toHaveLength(1);
  });

  test('is not overwritten by an answer that was under way', async () => {
    const answer = Promise.withResolvers<{ tier: string }>();
    const provider = crm({ [ADDRESS]: () => answer.promise });
    const lookups = lookupsOver([provider]);
    const earlier = lookups.lookup(EMAIL, FOREVER);
    await jest.advanceTimersByTimeAsync(1);
    lookups.source('crm')!.replace({ id: ID, record: RECORD, seenAt: Date.now() });
    answer.resolve({ tier: 'old' });
    expect((await earlier).customer).toEqual({ tier: 'old' });
    expect(await lookUp(lookups)).toMatchObject({ tier: 'brought' });
  });

  test('can be that a record is out of date: the provider is asked again, and the last known one is gone', async () => {
    const provider = crm({ [ADDRESS]: { tier: 'silver' } });
    const lookups = lookupsOver([provider], { lastKnown: new MemoryStore() });
    await lookUp(lookups);
    provider.answers[ADDRESS] = down;
    lookups.source('crm')!.forget([ID]);
    expect((await lookUp(lookups)).state).toBe('unavailable');
  });

  test('ahead of time waits in the store: whoever is not cached is asked for', async () => {
    const provider = crm({});
    const lastKnown = new MemoryStore();
    const lookups = lookupsOver([provider], { lastKnown });
    lookups.source('crm')!.remember([{ id: ID, record: RECORD, seenAt: Date.now() }]);
    expect(lastKnown.records.get(ID)?.record).toEqual(RECORD);
    expect(await lookUp(lookups)).toMatchObject({ state: 'not_found' });
    expect(provider.asked).toContain(ADDRESS);
  });

  test('ahead of time renews what is cached and the same', async () => {
    const provider = crm({ [ADDRESS]: RECORD });
    const lookups = lookupsOver([provider]);
    await lookUp(lookups);
    await jest.advanceTimersByTimeAsync(14 * MINUTE);
    lookups.source('crm')!.remember([{ id: ID, record: { ...RECORD }, seenAt: Date.now() }]);
    await jest.advanceTimersByTimeAsync(14 * MINUTE);
    expect(await lookUp(lookups)).toMatchObject({ stale: false, ageSeconds: 14 * 60 });
    expect(provider.asked).toHaveLength(1);
  });

  test('ahead of time and otherwise than it is cached is asked for: it may be a second customer of that address', async () => {
    const provider = crm({ [ADDRESS]: RECORD });
    const lastKnown = new MemoryStore();
    const lookups = lookupsOver([provider], { lastKnown });
    await lookUp(lookups);
    await jest.advanceTimersByTimeAsync(MINUTE);
    provider.answers[ADDRESS] = 'ambiguous';
    const twin = { id: ID, record: { tier: 'twin' }, seenAt: Date.now() };
    lookups.source('crm')!.remember([twin]);
    expect(await lookUp(lookups)).toMatchObject({ state: 'ambiguous' });
    lookups.source('crm')!.remember([{ ...twin, seenAt: Date.now() + 1 }]);
    expect(lastKnown.records.has(ID)).toBe(false);
    expect(await lookUp(lookups)).toMatchObject({ state: 'ambiguous' });
    expect(provider.asked).toHaveLength(2);
  });

  test('ahead of time is older than what was said since it was asked for', async () => {
    const provider = crm({ [ADDRESS]: RECORD });
    const lastKnown = new MemoryStore();
    const lookups = lookupsOver([provider], { lastKnown });
    const seenAt = Date.now();
    await jest.advanceTimersByTimeAsync(1);
    await lookUp(lookups);
    lookups.source('crm')!.remember([{ id: ID, record: { tier: 'old' }, seenAt }]);
    expect(lastKnown.records.get(ID)?.record).toEqual(RECORD);
    lookups.source('crm')!.forget([ID]);
    lookups.source('crm')!.remember([{ id: ID, record: { tier: 'old' }, seenAt }]);
    expect(lastKnown.records.has(ID)).toBe(false);
  });
});

describe('merged from all providers', () => {
  const merging = (...providers: ScriptedProvider[]) => lookupsOver(providers, { lookup: { strategy: 'merge' } });
  const result = async (lookups: LookupService) => {
    const answer = lookups.lookup(EMAIL, FOREVER);
    await jest.advanceTimersByTimeAsync(10_000);
    return answer;
  };

  test('each field comes from the first that has it, each by its own way', async () => {
    const contacts = crm({ [ADDRESS]: { name: 'Dana', tier: 'contact' } }, 'contacts');
    const companies = crm({ '@northwind.example': { tier: 'company', region: 'north' } }, 'companies');
    expect(await result(merging(contacts, companies))).toEqual({
      customer: { name: 'Dana', tier: 'contact', region: 'north' },
      lookup: {
        state: 'found',
        matchedBy: 'email',
        source: 'contacts',
        stale: false,
        ageSeconds: 0,
        incomplete: false,
      },
    });
  });

  test.each<[string, ScriptedProvider['answers'], ScriptedProvider['answers'], object]>([
    [
      'of which one is silent is incomplete',
      { '*': down },
      { [ADDRESS]: { a: 1 } },
      { state: 'found', incomplete: true },
    ],
    ['of which none finds is not found', {}, {}, { state: 'not_found' }],
    ['of which one is silent and none finds is unavailable', { '*': down }, {}, { state: 'unavailable' }],
    [
      'that one finds twice is ambiguous only when no other finds',
      { [ADDRESS]: 'ambiguous' },
      {},
      { state: 'ambiguous', source: 'first' },
    ],
    [
      'that one finds twice and another once is found',
      { [ADDRESS]: 'ambiguous' },
      { [ADDRESS]: { a: 1 } },
      { state: 'found', source: 'second', incomplete: true },
    ],
  ])('a customer %s', async (_, first, second, lookup) => {
    expect((await result(merging(crm(first, 'first'), crm(second, 'second')))).lookup).toMatchObject(lookup);
  });

  test('a field without a value is filled from the next', async () => {
    const first = crm({ [ADDRESS]: { name: 'Dana', region: null, note: null } }, 'first');
    const second = crm({ [ADDRESS]: { region: 'north', name: 'Other' } }, 'second');
    expect((await result(merging(first, second))).customer).toEqual({ name: 'Dana', region: 'north', note: null });
  });
});

const nested = (levels: number): JsonValue => (levels === 0 ? 'x' : [nested(levels - 1)]);

test.each<[string, CustomerRecord, LookupState]>([
  ['of 100,000 characters is', { a: 'x'.repeat(100_000) }, 'found'],
  ['of more is not', { a: 'x'.repeat(100_001) }, 'unavailable'],
  ['of 100 levels is', { a: nested(100) }, 'found'],
  ['of more is not', { a: nested(101) }, 'unavailable'],
  ['of very many is not', { a: nested(3_000) }, 'unavailable'],
])('a record %s taken', async (_, record, state) => {
  expect((await lookUp(lookupsOver([crm({ [ADDRESS]: record })]))).state).toBe(state);
});

describe('several providers', () => {
  const TWICE: ScriptedProvider['answers'] = { [ADDRESS]: 'ambiguous' };

  test('what the first said last goes before several at the second', async () => {
    const first = crm({ [ADDRESS]: { tier: 'gold' } }, 'first');
    const lookups = lookupsOver([first, crm(TWICE, 'second')], { lastKnown: new MemoryStore() });
    await lookUp(lookups);
    first.answers[ADDRESS] = down;
    await jest.advanceTimersByTimeAsync(DAY);
    expect(await lookUp(lookups)).toMatchObject({ matchedBy: 'last_known', tier: 'gold' });
  });

  test('several at the second say nothing while the first is silent', async () => {
    expect((await lookUp(lookupsOver([crm({ '*': down }, 'first'), crm(TWICE, 'second')]))).state).toBe('unavailable');
  });
});

test('a provider is asked a second time once for a message, on all steps together', async () => {
  const first = 'dana+x@gmail.com';
  let calls = 0;
  const provider = crm({ [first]: () => (calls++ === 0 ? down : undefined), 'dana@gmail.com': down });
  await lookUp(lookupsOver([provider]), first);
  expect(provider.asked).toEqual([first, first, 'dana@gmail.com']);
});

test('many checks at once make one call', async () => {
  const answer = Promise.withResolvers<Record<string, never>>();
  const provider = crm({ check: () => answer.promise });
  const lookups = lookupsOver([provider]);
  const checks = Promise.all(Array.from({ length: 100 }, () => lookups.check(FOREVER)));
  await jest.advanceTimersByTimeAsync(1);
  answer.resolve({});
  await checks;
  expect(provider.asked).toEqual(['check']);
});

describe('a provider that answers from memory', () => {
  class InMemory extends ScriptedProvider {
    override readonly isInMemory = true;
  }

  test('holds nobody up beyond the deadline while it is still reading', async () => {
    const lookups = lookupsOver([new InMemory('file', { '*': 'never' })]);
    const deadline = new AbortController();
    const answer = lookups.lookup(EMAIL, deadline.signal);
    await jest.advanceTimersByTimeAsync(100);
    deadline.abort();
    expect((await answer).lookup.state).toBe('unavailable');
  });

  test.each<[what: string, answer: ScriptedProvider['answers'][string] | undefined, results: readonly string[]]>([
    ['that finds somebody', { tier: 'gold' }, ['found']],
    ['that finds nobody, neither by address nor by domain', undefined, ['not_found', 'not_found']],
    ['that finds several', 'ambiguous', ['ambiguous']],
    ['that finds a file with a fault', refused, ['misconfigured']],
    ['that fails', down, ['unavailable']],
  ])('a look-up %s is counted', async (_what, answer, results) => {
    const called: string[] = [];
    const observer = {
      ...SILENT,
      called: (...[provider, result]: [string, string, number]) => void called.push(`${provider} ${result}`),
    };
    const provider = new InMemory('file', answer === undefined ? {} : { [ADDRESS]: answer });
    await lookUp(lookupsOver([provider], { observer }));
    expect(called).toEqual(results.map((result) => `file ${result}`));
  });

  test('is always asked, and who is gone from it is not known any more', async () => {
    const provider = new InMemory('file', { [ADDRESS]: { tier: 'gold' } });
    const lastKnown = new MemoryStore();
    const lookups = lookupsOver([provider], { lastKnown });
    expect(await lookUp(lookups)).toMatchObject({ tier: 'gold', stale: false, ageSeconds: 0 });
    expect(lastKnown.records.size).toBe(1);
    delete provider.answers[ADDRESS];
    expect((await lookUp(lookups)).state).toBe('not_found');
    expect(lastKnown.records.size).toBe(0);
    provider.answers[ADDRESS] = { tier: 'silver' };
    expect(await lookUp(lookups)).toMatchObject({ tier: 'silver' });
    provider.answers[ADDRESS] = down;
    expect(await lookUp(lookups)).toMatchObject({ tier: 'silver', matchedBy: 'last_known' });
  });
});

test('records of a provider that is configured otherwise are not its own', async () => {
  const lastKnown = new MemoryStore();
  const [one, other] = ['one', 'other'].map((url) => {
    const provider = crm({ [ADDRESS]: { url } });
    const source = { identity: url, protection: DEFAULT_LOOKUP_OPTIONS.protection, create: () => provider };
    const surroundings = { lastKnown, observer: SILENT, report: () => undefined, budgetMs: Infinity };
    return createLookups({ providers: [source], lookup: DEFAULT_LOOKUP_OPTIONS }, surroundings);
  });
  expect(one!.source('crm')!.stored.mapping).not.toBe(other!.source('crm')!.stored.mapping);
});

test('a call may take no longer than lets a second one fit in what a message can wait', async () => {
  const provider = crm({ '*': 'never' });
  const lookups = lookupsOver([provider], { budgetMs: 1_000 });
  const deadline = new AbortController();
  const answer = lookups.lookup(EMAIL, deadline.signal);
  await jest.advanceTimersByTimeAsync(999);
  expect(provider.asked).toHaveLength(2);
  deadline.abort();
  expect((await answer).lookup.state).toBe('unavailable');
});
