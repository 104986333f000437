import { describe, expect, test } from '@jest/globals';
import type { CustomerRecord } from '../facts/facts.js';
import { type EmailAddress, parseEmailAddress } from '../shared/email-address.js';
import { EnricherError } from '../shared/errors.js';
import { type CrmMatch, CrmProvider, type ProviderStanding } from './crm.provider.js';
import { LookupService } from './lookup.service.js';

type Answer = CustomerRecord | 'ambiguous' | 'never' | Error;

/** A CRM that can be told to fail or to never answer, and that remembers what it was asked. */
class ScriptedProvider extends CrmProvider {
  readonly asked: string[] = [];

  constructor(
    readonly name: string,
    private readonly answers: Readonly<Record<string, Answer>>,
  ) {
    super();
  }

  override findByEmail({ address }: EmailAddress): Promise<CrmMatch> {
    return this.#answer(address);
  }

  override findByDomain(domain: string): Promise<CrmMatch> {
    return this.#answer(`@${domain}`);
  }

  override check(): Promise<void> {
    return this.#answer('check').then(() => undefined);
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  #answer(key: string): Promise<CrmMatch> {
    this.asked.push(key);
    const answer = this.answers[key] ?? this.answers['*'];
    if (answer === undefined) return Promise.resolve({ kind: 'not_found' });
    if (answer === 'ambiguous') return Promise.resolve({ kind: 'ambiguous', count: 2 });
    if (answer === 'never') return new Promise(() => undefined);
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve({ kind: 'found', record: answer });
  }
}

const NO_DEADLINE = new AbortController().signal;
const lookUp = (address: string, ...providers: ScriptedProvider[]) =>
  new LookupService(providers, 50).lookup(parseEmailAddress(address), NO_DEADLINE);
const crm = (answers: Readonly<Record<string, Answer>>, name = 'crm') => new ScriptedProvider(name, answers);
const down = new EnricherError('CRM_UNAVAILABLE', 'it is down');
const refused = new EnricherError('CRM_MISCONFIGURED', 'wrong password');

describe('a look-up', () => {
  test('asks by address, then without the tag, then by domain, then by the registered domain', async () => {
    const provider = crm({});
    expect((await lookUp('dana+claim@mail.northwind.example', provider)).lookup.state).toBe('not_found');
    expect(provider.asked).toEqual([
      'dana+claim@mail.northwind.example',
      'dana@mail.northwind.example',
      '@mail.northwind.example',
      '@northwind.example',
    ]);
  });

  test.each([
    ['dana@northwind.example', 'dana@northwind.example', 'email'],
    ['dana+x@northwind.example', 'dana@northwind.example', 'alias'],
    ['other@northwind.example', '@northwind.example', 'domain'],
    ['other@mail.northwind.example', '@northwind.example', 'domain'],
  ])('of %s is found by %s', async (address, key, matchedBy) => {
    expect(await lookUp(address, crm({ [key]: { tier: 'gold' } }))).toEqual({
      customer: { tier: 'gold' },
      lookup: { state: 'found', matchedBy, source: 'crm', stale: false, ageSeconds: 0 },
    });
  });

  test('never asks by the domain of a free-mail provider', async () => {
    const provider = crm({ '@gmail.com': { tier: 'gold' } });
    expect((await lookUp('dana@gmail.com', provider)).lookup.state).toBe('not_found');
    expect(provider.asked).toEqual(['dana@gmail.com']);
  });

  test('takes the first provider that finds, each step over all of them', async () => {
    const first = crm({ '@northwind.example': { tier: 'by domain' } }, 'first');
    const second = crm({ 'dana@northwind.example': { tier: 'by address' } }, 'second');
    expect(await lookUp('dana@northwind.example', first, second)).toMatchObject({
      customer: { tier: 'by address' },
      lookup: { source: 'second' },
    });
  });

  test('of an address that several have is ambiguous, and goes no further', async () => {
    const provider = crm({ 'dana@northwind.example': 'ambiguous', '@northwind.example': { tier: 'gold' } });
    expect(await lookUp('dana@northwind.example', provider)).toMatchObject({
      customer: null,
      lookup: { state: 'ambiguous', source: 'crm' },
    });
  });

  test.each([
    ['fails', down],
    ['refuses', refused],
    ['throws something unexpected', new TypeError('oops')],
    ['never answers', 'never'],
  ] as const)('at a CRM that %s is unavailable, asked once, never "not found"', async (_how, answer) => {
    const provider = crm({ '*': answer });
    expect(await lookUp('dana@northwind.example', provider)).toMatchObject({
      customer: null,
      lookup: { state: 'unavailable' },
    });
    expect(provider.asked).toHaveLength(1);
  });

  test('still finds at the second provider when the first is down, but does not call nobody "not found"', async () => {
    const second = crm({ 'dana@northwind.example': { tier: 'gold' } }, 'second');
    expect((await lookUp('dana@northwind.example', crm({ '*': down }), second)).lookup).toMatchObject({
      state: 'found',
      source: 'second',
    });
    expect((await lookUp('kim@northwind.example', crm({ '*': down }), second)).lookup.state).toBe('unavailable');
  });

  test('ends at its deadline', async () => {
    const deadline = new AbortController();
    const answer = new LookupService([crm({ '*': 'never' })], 60_000).lookup(
      parseEmailAddress('dana@northwind.example'),
      deadline.signal,
    );
    deadline.abort();
    expect((await answer).lookup.state).toBe('unavailable');
  });

  test('asks nobody after its deadline', async () => {
    const provider = crm({});
    const { lookup } = await new LookupService([provider], 50).lookup(
      parseEmailAddress('dana@northwind.example'),
      AbortSignal.abort(),
    );
    expect([lookup.state, provider.asked]).toEqual(['unavailable', []]);
  });

  test('needs a sender, and a CRM', async () => {
    const provider = crm({});
    expect((await new LookupService([provider], 50).lookup(null, NO_DEADLINE)).lookup.state).toBe('no_sender');
    expect(provider.asked).toEqual([]);
    expect((await lookUp('dana@northwind.example')).lookup.state).toBe('skipped');
  });
});

test('the status of a provider follows its answers, and changes are reported once', async () => {
  const reports: string[] = [];
  const provider = crm({ 'down@x.example': down, 'refused@x.example': refused });
  const service = new LookupService([provider], 50, ({ state }) => reports.push(state));
  for (const local of ['down', 'down', 'refused', 'fine', 'fine'])
    await service.lookup(parseEmailAddress(`${local}@x.example`), NO_DEADLINE);
  expect(reports).toEqual(['unavailable', 'misconfigured', 'ok']);
  expect(service.statuses).toEqual([{ name: 'crm', state: 'ok', message: null }]);
});

test('a provider that knows how it stands is believed, also between messages, and each change is reported once', async () => {
  class Standing extends ScriptedProvider {
    #standing: ProviderStanding | null = null;
    #heard: (standing: ProviderStanding) => void = () => undefined;

    override standing(): ProviderStanding | null {
      return this.#standing;
    }

    override onStanding(heard: (standing: ProviderStanding) => void): void {
      this.#heard = heard;
    }

    become(standing: ProviderStanding): void {
      this.#standing = standing;
      this.#heard(standing);
    }
  }
  const reports: string[] = [];
  const provider = new Standing('crm', { '*': refused });
  const service = new LookupService([provider], 50, ({ state, message }) => reports.push(`${state} ${message}`));
  await service.check(NO_DEADLINE);
  expect(service.statuses).toMatchObject([{ state: 'misconfigured' }]);
  provider.become({ state: 'ok', message: null });
  expect(service.statuses).toEqual([{ name: 'crm', state: 'ok', message: null }]);
  await service.check(NO_DEADLINE);
  provider.become({ state: 'ok', message: '1 of 2 rows' });
  await service.check(NO_DEADLINE);
  provider.become({ state: 'outdated', message: 'it is empty' });
  expect(await service.check(NO_DEADLINE)).toEqual([{ name: 'crm', state: 'outdated', message: 'it is empty' }]);
  expect(reports).toEqual(['misconfigured wrong password', 'ok null', 'ok 1 of 2 rows', 'outdated it is empty']);
});
