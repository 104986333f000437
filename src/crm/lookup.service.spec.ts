import { describe, expect, test } from '@jest/globals';
import { lookupsOver, ScriptedProvider } from '../../test/support/scripted-provider.js';
import { parseEmailAddress } from '../shared/email-address.js';
import { EnricherError } from '../shared/errors.js';
import type { ProviderStanding } from './crm.provider.js';

const NO_DEADLINE = new AbortController().signal;
const QUICK = { lookup: { protection: { timeoutMs: 50, maxConcurrent: 10, breakerOpenMs: 10_000 } } };
const lookUp = (address: string, ...providers: ScriptedProvider[]) =>
  lookupsOver(providers, QUICK).lookup(parseEmailAddress(address), NO_DEADLINE);
const crm = (answers: ScriptedProvider['answers'], name = 'crm') => new ScriptedProvider(name, answers);
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
      lookup: { state: 'found', matchedBy, source: 'crm', stale: false, ageSeconds: 0, incomplete: false },
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
    ['fails', down, 2],
    ['refuses', refused, 1],
    ['throws something unexpected', new TypeError('oops'), 2],
    ['never answers', 'never', 2],
  ] as const)('at a CRM that %s is unavailable, never "not found"', async (_how, answer, tries) => {
    const provider = crm({ '*': answer });
    expect(await lookUp('dana@northwind.example', provider)).toMatchObject({
      customer: null,
      lookup: { state: 'unavailable' },
    });
    expect(provider.asked).toEqual(Array.from({ length: tries }, () => 'dana@northwind.example'));
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
    const answer = lookupsOver([crm({ '*': 'never' })]).lookup(
      parseEmailAddress('dana@northwind.example'),
      deadline.signal,
    );
    deadline.abort();
    expect((await answer).lookup.state).toBe('unavailable');
  });

  test('asks nobody after its deadline', async () => {
    const provider = crm({});
    const { lookup } = await lookupsOver([provider], QUICK).lookup(
      parseEmailAddress('dana@northwind.example'),
      AbortSignal.abort(),
    );
    expect([lookup.state, provider.asked]).toEqual(['unavailable', []]);
  });

  test('needs a sender, and a CRM', async () => {
    const provider = crm({});
    expect((await lookupsOver([provider], QUICK).lookup(null, NO_DEADLINE)).lookup.state).toBe('no_sender');
    expect(provider.asked).toEqual([]);
    expect((await lookUp('dana@northwind.example')).lookup.state).toBe('skipped');
  });
});

test('the status of a provider follows its answers, and changes are reported once', async () => {
  const reports: string[] = [];
  const provider = crm({ 'down@x.example': down, 'refused@x.example': refused });
  const service = lookupsOver([provider], { ...QUICK, report: ({ state }) => reports.push(state) });
  for (const local of ['down', 'down', 'refused', 'fine', 'fine'])
    await service.lookup(parseEmailAddress(`${local}@x.example`), NO_DEADLINE);
  expect(reports).toEqual(['unavailable', 'misconfigured', 'ok']);
  expect(service.statuses).toEqual([{ name: 'crm', state: 'ok', message: null, breaker: 'closed' }]);
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
  const service = lookupsOver([provider], {
    ...QUICK,
    report: ({ state, message }) => reports.push(`${state} ${message}`),
  });
  await service.check(NO_DEADLINE);
  expect(service.statuses).toMatchObject([{ state: 'misconfigured' }]);
  provider.become({ state: 'ok', message: null });
  expect(service.statuses).toEqual([{ name: 'crm', state: 'ok', message: null, breaker: 'closed' }]);
  await service.check(NO_DEADLINE);
  provider.become({ state: 'ok', message: '1 of 2 rows' });
  await service.check(NO_DEADLINE);
  provider.become({ state: 'outdated', message: 'it is empty' });
  expect(await service.check(NO_DEADLINE)).toEqual([
    { name: 'crm', state: 'outdated', message: 'it is empty', breaker: 'closed' },
  ]);
  expect(reports).toEqual(['misconfigured wrong password', 'ok null', 'ok 1 of 2 rows', 'outdated it is empty']);
});
