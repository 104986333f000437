import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import { send } from '../support/http.js';
import { changes, customersDatabase, listingCrm, listingRestCrm, page } from '../support/listing-crm.js';
import { correspondent, sampleDelivery } from '../support/sample-delivery.js';
import { answer, hang, ScriptedServer } from '../support/scripted-server.js';
import { RunningApp } from '../support/start-app.js';
import { tempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';

const RULES = {
  'tier.json': {
    rules: [
      {
        name: 'tier',
        conditions: { all: [{ fact: 'lookup.state', operator: 'equal', value: 'found' }] },
        actions: [{ type: 'tag', value: { tags: ['{{ customer.tier }}', '{{ lookup.matchedBy }}'] } }],
      },
    ],
  },
};
const DANA = { email: 'dana@northwind.example', tier: 'gold' };
const KIM = { email: 'kim@northwind.example', tier: 'silver' };

async function tagsFor(app: RunningApp, address: string): Promise<string[] | undefined> {
  const { text } = await app.deliver(sampleDelivery({ from: correspondent(address) }));
  return (JSON.parse(text) as { actions?: { value: { tags: string[] } }[] }).actions?.[0]?.value.tags;
}

const told = (app: RunningApp) => app.logLines.filter(({ context }) => context === 'Prefetch').map(({ msg }) => msg);

test('customers of whom no message came yet are known when the CRM is down', async () => {
  const path = customersDatabase(tempFolder(), 1_200);
  await using app = await RunningApp.start({ rules: RULES, crm: listingCrm(path, { prefetchMinutes: 1 }) });
  await until('all are fetched', () => told(app).length > 0);
  expect(told(app)).toEqual([expect.stringMatching(/^Provider "crm": 1,200 customers, 3 pages, \d+\.\d s$/)]);
  const { text } = await send(`${app.url}/metrics`, { method: 'GET' });
  expect(text).toContain('enricher_crm_prefetch_customers_total{provider="crm"} 1200');
  expect(text).toMatch(/enricher_crm_prefetch_last_success_timestamp_seconds\{provider="crm"\} \d{10}/);

  expect(await tagsFor(app, 'p7@people.example')).toEqual(['t7', 'email']);
  const database = new DatabaseSync(path);
  database.exec('DROP TABLE customers');
  database.close();
  expect(await tagsFor(app, 'p1198@people.example')).toEqual(['t1198', 'last_known']);
});

test('a service that stops in the middle stops at once, and the next one goes on there', async () => {
  const env = { DATABASE_URL: `file:${join(tempFolder(), 'enricher.db')}` };
  await using server = await ScriptedServer.start(changes(page([DANA], 'second'), hang, page([KIM], null)));
  const files = { rules: RULES, crm: listingRestCrm(server, { prefetchMinutes: 60 }), env };
  {
    await using app = await RunningApp.start(files);
    await until('the second page is asked for', () => server.seen.some(({ path }) => path.includes('after=second')));
    await app.close();
    expect(told(app)).toEqual([expect.stringContaining('Provider "rest": stopped after 1 customer, 1 page, ')]);
  }
  await using app = await RunningApp.start(files);
  await until('it is done', () => told(app).length > 0);
  expect(told(app)).toEqual([
    expect.stringMatching(/^Provider "rest": 2 customers, 1 page since it went on, \d+\.\d s$/),
  ]);
  expect(server.seen.filter(({ path }) => path.startsWith('/changes')).map(({ path }) => path)).toEqual([
    expect.not.stringContaining('after='),
    expect.stringContaining('after=second'),
    expect.stringContaining('after=second'),
  ]);
});

test('a run that is not due waits for its time', async () => {
  const env = { DATABASE_URL: `file:${join(tempFolder(), 'enricher.db')}` };
  const path = customersDatabase(tempFolder(), 3);
  const files = { rules: RULES, crm: listingCrm(path, { prefetchMinutes: 60 }), env };
  {
    await using app = await RunningApp.start(files);
    await until('all are fetched', () => told(app).length > 0);
  }
  await using server = await ScriptedServer.start(changes(page([DANA], null)));
  const both = {
    providers: [listingCrm(path, { prefetchMinutes: 60 }), listingRestCrm(server, { prefetchMinutes: 60 })].flatMap(
      (crm) => (crm as { providers: object[] }).providers,
    ),
  };
  await using app = await RunningApp.start({ ...files, crm: both });
  await until('the other one is fetched', () => told(app).length > 0);
  expect(told(app)).toEqual([expect.stringContaining('Provider "rest": 1 customer')]);
});

test('a service that keeps no last known customers starts', async () => {
  const path = customersDatabase(tempFolder(), 3);
  await using app = await RunningApp.start({
    rules: RULES,
    crm: { ...listingCrm(path), lookup: { lastKnownDays: 0 } },
  });
  expect(await tagsFor(app, 'p1@people.example')).toEqual(['t1', 'email']);
});

test('a CRM that refuses to list is loud in the log, and messages are answered', async () => {
  await using server = await ScriptedServer.start(changes(answer(403, { code: 'MISSING_SCOPE' })));
  await using app = await RunningApp.start({ rules: RULES, crm: listingRestCrm(server, { prefetchMinutes: 1 }) });
  await until('it is told', () => told(app).length > 0);
  const [line] = app.logLines.filter(({ context }) => context === 'Prefetch');
  expect([line?.level, line?.msg]).toEqual([
    'error',
    expect.stringContaining('Provider "rest": gave up after 0 customers'),
  ]);
  expect((await app.deliver(sampleDelivery())).status).toBe(200);
});
