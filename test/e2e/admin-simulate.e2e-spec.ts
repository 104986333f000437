import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ADMIN_TOKEN, AdminClient } from '../support/admin-client.js';
import { DANA, RULES } from '../support/gold-rules.js';
import { send } from '../support/http.js';
import { sampleDelivery } from '../support/sample-delivery.js';
import { RunningApp } from '../support/start-app.js';

let app: RunningApp;
let admin: AdminClient;
beforeAll(async () => {
  app = await RunningApp.start({ rules: RULES, customers: [{ email: DANA, tier: 'gold' }], env: { ADMIN_TOKEN } });
  admin = await AdminClient.of(app);
});
afterAll(() => app.close());

const verdictsOf = ({ verdicts }: { verdicts: { rule: string; verdict: string; skipped?: string }[] }) =>
  Object.fromEntries(verdicts.map(({ rule, verdict, skipped }) => [rule, skipped ?? verdict]));

test('a simulation answers as the webhook would, and says why of every rule', async () => {
  const message = sampleDelivery();
  const { status, body } = await admin.post('simulate', { message });
  expect([status, body.envelope]).toEqual([200, JSON.parse((await app.deliver(message)).text)]);
  expect(body).toMatchObject({
    outcome: 'acted',
    status: 200,
    customer: { tier: 'gold' },
    lookup: { state: 'found', matchedBy: 'email', source: 'customers' },
    suppressed: [{ rule: 'twice', type: 'tag', part: 'VIP', reason: 'set_before', wonBy: 'vip' }],
  });
  expect(verdictsOf(body)).toEqual({
    vip: 'matched',
    'vip-again': 'matched',
    twice: 'matched',
    late: 'outside_dates',
  });
  expect(body.verdicts[0].why).toMatchObject({
    fact: 'customer.tier',
    read: 'gold',
    location: { file: join(app.workspace.rulesDir, 'rules.json'), line: expect.any(Number) },
  });
});

test.each<[what: string, more: object, verdict: string, outcome: string]>([
  ['another customer', { customer: { tier: 'silver' } }, 'not_matched', 'nothing_to_do'],
  ['nobody', { customer: null }, 'not_matched', 'nothing_to_do'],
  ['a CRM that is down', { lookup: { state: 'unavailable' } }, 'not_matched', 'crm_unavailable'],
  [
    'what was known last',
    { customer: { tier: 'gold' }, lookup: { matchedBy: 'last_known', stale: true } },
    'matched',
    'acted',
  ],
  ['another time', { now: '2019-06-01T00:00:00Z' }, 'matched', 'acted'],
])('a simulation takes %s', async (_what, more, verdict, outcome) => {
  const { body } = await admin.post('simulate', { message: sampleDelivery(), ...more });
  expect([verdictsOf(body)['vip'], body.outcome]).toEqual([verdict, outcome]);
});

test('a simulation says how near a rule came', async () => {
  const { body } = await admin.post('simulate', { message: sampleDelivery(), customer: { tier: 'silver' } });
  expect(body.verdicts[0].nearMiss).toMatchObject({ held: 1, of: 2, missing: [{ read: 'silver', wanted: 'gold' }] });
});

test('a simulation decides rules with dates at the time that is given', async () => {
  const { body } = await admin.post('simulate', { message: sampleDelivery(), now: '2019-06-01T00:00:00Z' });
  expect(verdictsOf(body)).toMatchObject({ late: 'matched', 'vip-again': 'outside_dates' });
});

test('a simulation says of a message that no rule is asked about that none is', async () => {
  const { body } = await admin.post('simulate', { message: sampleDelivery({ event: 'sent' }), customer: null });
  expect(body).toMatchObject({
    outcome: 'ignored_event',
    envelope: { status: 'success' },
    verdicts: [],
    lookup: null,
  });
});

test('a simulation stores nothing and counts nothing', async () => {
  const state = async () => {
    const { text } = await send(`${app.url}/metrics`, { method: 'GET' });
    const counted = text.match(/^enricher_(?:deliveries|rule_matches|actions)\w*_total.*$/gm);
    return { counted, decisions: (await admin.get('decisions')).body };
  };
  await app.deliver(sampleDelivery());
  const before = await state();
  await admin.post('simulate', { message: sampleDelivery() });
  expect(await state()).toEqual(before);
});
