import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { send } from '../support/http.js';
import { correspondent, sampleDelivery } from '../support/sample-delivery.js';
import { RunningApp } from '../support/start-app.js';
import { until } from '../support/until.js';

const rule = (name: string, more: object = {}) => ({
  name,
  conditions: { all: [{ fact: 'lookup.state', operator: 'equal', value: 'found' }] },
  actions: [{ type: 'tag', value: { tags: ['VIP'] } }],
  ...more,
});
const RULES = { 'a.json': { rules: [rule('vip'), rule('again'), rule('trial', { mode: 'shadow' })] } };
const CUSTOMERS = [{ email: 'dana@northwind.example', tier: 'gold' }];

let app: RunningApp;
beforeAll(async () => {
  app = await RunningApp.start({ rules: RULES, customers: CUSTOMERS });
});
afterAll(() => app.close());

const scrape = () => send(`${app.url}/metrics`, { method: 'GET' });
/** The value of a series as it stands in the page; 0 when it is not there. */
async function valueOf(series: string): Promise<number> {
  const line = (await scrape()).text.split('\n').find((one) => one.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? 0);
}

test('are there for whoever can reach them, in the text format of Prometheus', async () => {
  const { status, headers, text } = await scrape();
  expect([status, headers['content-type'], headers['cache-control']]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
    'no-store',
  ]);
  expect(text).toContain('\n# TYPE enricher_deliveries_total counter\n');
});

test('a delivery counts: its outcome, duration, actions, what was left out, and the rules that matched', async () => {
  const series = [
    'enricher_deliveries_total{outcome="acted"}',
    'enricher_delivery_duration_seconds_count',
    'enricher_webhook_answers_total{status="200"}',
    'enricher_actions_total{type="tag"}',
    'enricher_actions_suppressed_total{type="tag",reason="set_before"}',
    'enricher_rule_matches_total{rule="vip",mode="live"}',
    'enricher_rule_matches_total{rule="trial",mode="shadow"}',
    'enricher_crm_lookups_total{provider="customers",result="found"}',
  ];
  const before = await Promise.all(series.map(valueOf));
  await app.deliver(sampleDelivery({ from: correspondent('dana@northwind.example') }));
  const after = await Promise.all(series.map(valueOf));
  expect(after.map((value, index) => value - before[index]!)).toEqual(series.map(() => 1));
});

test('a customer file that cannot be used counts with every look-up, for the alert', async () => {
  const crm = { providers: [{ name: 'customers', type: 'file', path: './gone.csv' }] };
  await using other = await RunningApp.start({ rules: RULES, crm });
  for (const id of ['1', '2'])
    await other.deliver(sampleDelivery({ id, from: correspondent('dana@northwind.example') }));
  const { text } = await send(`${other.url}/metrics`, { method: 'GET' });
  expect(text).toContain('enricher_crm_lookups_total{provider="customers",result="misconfigured"} 2\n');
});

test.each<[what: string, status: number, deliver: () => Promise<unknown>]>([
  ['without a secret', 401, () => send(app.webhookUrl, { body: '{}' })],
  ['that is none', 400, () => app.deliver({ id: '1' })],
])('a delivery %s counts as a refusal, and not as decided', async (_what, status, deliver) => {
  const decided = await valueOf('enricher_delivery_duration_seconds_count');
  const series = `enricher_webhook_answers_total{status="${status}"}`;
  const before = await valueOf(series);
  await deliver();
  await until('it is counted', async () => (await valueOf(series)) === before + 1);
  expect(await valueOf('enricher_delivery_duration_seconds_count')).toBe(decided);
});

test('an event that nobody knows becomes no label', async () => {
  await app.deliver(sampleDelivery({ event: 'made-up-event' }));
  expect((await scrape()).text).not.toContain('made-up-event');
  expect(await valueOf('enricher_deliveries_total{outcome="ignored_event"}')).toBe(1);
});

test('follow the rules: a fault, and its mending, in the files that were there before', async () => {
  const successful = 'enricher_rules_last_reload_successful';
  expect([await valueOf(successful), await valueOf('enricher_rules_loaded')]).toEqual([1, 3]);
  const file = join(app.workspace.rulesDir, 'a.json');
  await writeFile(file, '{ "rules": [');
  await until('the fault is seen', async () => (await valueOf(successful)) === 0);
  await writeFile(file, JSON.stringify(RULES['a.json'], null, 2));
  await until('the mending is seen', async () => (await valueOf(successful)) === 1);
  expect(await valueOf('enricher_rules_loaded')).toBe(3);
  expect(app.logs.some((line) => line.startsWith('The rule files are again those of revision '))).toBe(true);
});

test('a rule that is gone leaves no series behind', async () => {
  await writeFile(join(app.workspace.rulesDir, 'a.json'), JSON.stringify({ rules: [rule('other')] }));
  await until('the new rules run', async () => (await valueOf('enricher_rules_loaded')) === 1);
  const { text } = await scrape();
  expect(text.match(/^enricher_rule_matches_total.*|^enricher_rules_info.*/gm)).toEqual([
    'enricher_rule_matches_total{rule="other",mode="live"} 0',
    expect.stringMatching(/^enricher_rules_info\{revision="[\da-f]{12}"\} 1$/),
  ]);
});
