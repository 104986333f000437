import { describe, expect, test } from '@jest/globals';
import { send } from '../support/http.js';
import { correspondent, sampleDelivery } from '../support/sample-delivery.js';
import { type DeliveryRecord, SenderSimulator } from '../support/sender-simulator.js';
import { sqlCrm } from '../support/sql-crm.js';
import { RunningApp, SECRET } from '../support/start-app.js';

type Condition = Readonly<Record<string, unknown>>;

/** A rule that tags with its name. */
function rule(name: string, condition: Condition, more: object = {}): object {
  const actions = [{ type: 'tag', name, value: { tags: [name] } }];
  return { name, conditions: { all: [condition] }, actions, ...more };
}

const IS_GOLD = { fact: 'customer.tier', operator: 'equal', value: 'gold' };
const IS_NOT_GOLD = { fact: 'customer.tier', operator: 'notEqual', value: 'gold' };
const IS_UNAVAILABLE = { fact: 'lookup.state', operator: 'equal', value: 'unavailable' };
const IS_WATER = { fact: 'message.subject', operator: 'containsText', value: 'water' };

/** CRMs that cannot be asked: one that is not as configured, and one that does not answer in time. */
const missingDatabase = (onUnavailable: string) => ({
  providers: [
    { name: 'crm', type: 'sql', url: 'file:./no-such.db', byEmail: 'SELECT :email AS tier', fields: { tier: 'tier' } },
  ],
  lookup: { onUnavailable },
});
const slowDatabase = (onUnavailable: string) => sqlCrm({ onUnavailable, timeoutMs: 20 });
const BROKEN_CRMS = [
  ['is not as configured', missingDatabase],
  ['does not answer in time', slowDatabase],
] as const;

const FROM_SLOW = { from: correspondent('slow@northwind.example', 'Dana Reyes') };

interface Answered extends DeliveryRecord {
  /** Names of the actions. */
  readonly acted: readonly (string | undefined)[];
}

/** One delivery to a service with these rules and this CRM. */
async function answer(rules: readonly object[], crm: unknown, differences: object = {}): Promise<Answered> {
  await using app = await RunningApp.start({ rules: { 'a.json': { rules } }, crm });
  const sender = new SenderSimulator({ url: app.webhookUrl, secret: SECRET, wait: async () => undefined });
  const record = await sender.deliver(sampleDelivery({ ...FROM_SLOW, ...differences }));
  expect(record.violations).toEqual([]);
  for (const told of [record.envelope?.message ?? '', ...app.logs]) expectNoPersonalData(told);
  return { ...record, acted: record.envelope?.actions?.map(({ name }) => name) ?? [] };
}

/** Nothing of sender, subject or CRM record, in what is told to people. */
function expectNoPersonalData(told: string): void {
  expect(told).not.toMatch(/@northwind|northwind\.|dana|reyes|slow@|damage|silver/i);
}

const statuses = ({ attempts }: DeliveryRecord) =>
  attempts.map((attempt) => ('status' in attempt ? attempt.status : attempt.error));

describe('when the CRM answers', () => {
  const dana = { from: correspondent('dana@northwind.example', 'Dana Reyes') };

  test('the actions of the rules that match come with success and a telling message', async () => {
    const record = await answer([rule('gold', IS_GOLD), rule('water', IS_WATER)], sqlCrm(), dana);
    expect(record).toMatchObject({ outcome: 'applied', acted: ['gold', 'water'] });
    expect(record.envelope?.message).toMatch(/2 actions by 2 rules/);
    expect(record.attempts[0]).toMatchObject({
      headers: {
        'content-type': expect.stringMatching(/^application\/json/),
        'x-rules-revision': expect.stringMatching(/^[\da-f]{12}$/),
        'x-request-id': expect.any(String),
      },
    });
  });

  test.each([
    ['no customer and no rule that acts', {}, { from: correspondent('nobody@elsewhere.example') }, /no CRM record/i],
    ['a customer and no rule that acts', {}, { ...dana, mailbox: 'claims@insurer.example' }, /no rule acts/i],
    ['another event', {}, { event: 'closed' }, /event/i],
    ['a mailbox that no rule is for', { mailboxes: ['other@insurer.example'] }, dana, /mailbox/i],
    ['a mailbox that only a disabled rule is for', { enabled: false }, dana, /mailbox/i],
    ['a mailbox that only a shadow rule is for', { mode: 'shadow' }, dana, /mailbox/i],
  ])('%s is success with nothing to do, and the message says so', async (_, more, differences, message) => {
    const record = await answer([rule('platinum', { ...IS_GOLD, value: 'platinum' }, more)], sqlCrm(), differences);
    expect(record).toMatchObject({ outcome: 'nothing', acted: [] });
    expect(record.envelope).not.toHaveProperty('actions');
    expect(record.envelope?.message).toMatch(message);
  });

  test('a condition on a field that the customer lacks is decided, not unknown', async () => {
    const record = await answer([rule('not gold', IS_NOT_GOLD)], sqlCrm(), {
      from: correspondent('nobody@elsewhere.example'),
    });
    expect(record).toMatchObject({ outcome: 'applied', acted: ['not gold'] });
  });
});

describe.each(BROKEN_CRMS)('when the CRM %s', (_, crm) => {
  test('and no rule acts, onUnavailable "error" is an error that administrators see, sent once', async () => {
    const record = await answer([rule('gold', IS_GOLD)], crm('error'));
    expect(record).toMatchObject({ outcome: 'error_status', acted: [] });
    expect(record.envelope?.message).toMatch(/CRM is unavailable/);
    expect(statuses(record)).toEqual([200]);
  });

  test('and no rule acts, onUnavailable "retry" asks for the delivery again', async () => {
    const record = await answer([rule('gold', IS_GOLD)], crm('retry'));
    expect(statuses(record)).toEqual([503, 503, 503]);
    const [first] = record.attempts;
    expect(first).toMatchObject({ headers: { 'content-type': expect.stringMatching(/^application\/problem\+json/) } });
    const { detail } = JSON.parse(first !== undefined && 'text' in first ? first.text : '') as { detail: string };
    expect(detail).toMatch(/CRM is unavailable/);
    expectNoPersonalData(detail);
  });

  test.each(['error', 'retry'])(
    'a rule on lookup.state "unavailable" makes it a success (%s)',
    async (onUnavailable) => {
      const record = await answer([rule('gold', IS_GOLD), rule('crm down', IS_UNAVAILABLE)], crm(onUnavailable));
      expect(record).toMatchObject({ outcome: 'applied', acted: ['crm down'] });
      expect(statuses(record)).toEqual([200]);
    },
  );

  test('a rule that does not ask about the customer acts', async () => {
    const record = await answer([rule('gold', IS_GOLD), rule('water', IS_WATER)], crm('error'));
    expect(record).toMatchObject({ outcome: 'applied', acted: ['water'] });
  });

  test('an undecided rule with onUnknown "match" acts, one with "skip" does not', async () => {
    const rules = [rule('match', IS_GOLD, { onUnknown: 'match' }), rule('skip', IS_GOLD, { onUnknown: 'skip' })];
    expect(await answer(rules, crm('error'))).toMatchObject({ outcome: 'applied', acted: ['match'] });
  });

  test('"customer.tier notEqual gold" is undecided, so that nobody is taken for a small customer', async () => {
    const nested = { not: { any: [IS_GOLD] } };
    const rules = [
      rule('not gold', IS_NOT_GOLD),
      rule('none', { ...IS_GOLD, operator: 'exists', value: false }),
      rule('nested', nested),
    ];
    expect(await answer(rules, crm('error'))).toMatchObject({ outcome: 'error_status', acted: [] });
  });

  test('what is false in "all" and true in "any" decides beside what is unknown', async () => {
    const rules = [
      rule('any', { any: [IS_NOT_GOLD, IS_WATER] }),
      rule('all', { all: [IS_NOT_GOLD, { not: IS_WATER }] }, { onUnknown: 'match' }),
      rule('both', { all: [IS_NOT_GOLD, IS_WATER] }),
    ];
    expect(await answer(rules, crm('error'))).toMatchObject({ outcome: 'applied', acted: ['any'] });
  });

  test('a message without a sender needs no CRM', async () => {
    const isNobody = { fact: 'lookup.state', operator: 'equal', value: 'no_sender' };
    const record = await answer([rule('nobody', isNobody)], crm('error'), { from: null });
    expect(record).toMatchObject({ outcome: 'applied', acted: ['nobody'] });
  });

  test('the service stays ready, because a degraded answer is an answer', async () => {
    await using app = await RunningApp.start({
      rules: { 'a.json': { rules: [rule('gold', IS_GOLD)] } },
      crm: crm('error'),
    });
    expect((await app.deliver(sampleDelivery(FROM_SLOW))).status).toBe(200);
    expect((await app.readiness()).status).toBe(200);
  });
});

test('who asks strictly is told that the service is not ready while the CRM is not as configured', async () => {
  await using app = await RunningApp.start({
    rules: { 'a.json': { rules: [rule('gold', IS_GOLD)] } },
    crm: missingDatabase('error'),
  });
  const { status } = await send(`${app.url}/health/ready?strict`, { method: 'GET' });
  expect(status).toBe(503);
});
