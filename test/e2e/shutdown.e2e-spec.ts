import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { send, start } from '../support/http.js';
import { correspondent, sampleDelivery } from '../support/sample-delivery.js';
import { buildService, ServiceProcess } from '../support/service-process.js';
import { sqlCrm } from '../support/sql-crm.js';
import { isReady, makeWorkspace, readiness, SECRET, type Workspace } from '../support/start-app.js';
import { until } from '../support/until.js';

const RULES = {
  'tier.json': {
    rules: [
      {
        name: 'tier',
        conditions: { all: [{ fact: 'lookup.state', operator: 'equal', value: 'found' }] },
        actions: [{ type: 'tag', value: { tags: ['{{ customer.tier }}'] } }],
      },
    ],
  },
};
const HEADERS = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' };

let workspace: Workspace;

beforeAll(buildService, 120_000);
afterEach(() => workspace.remove());

function startService(crm: object): Promise<ServiceProcess> {
  workspace = makeWorkspace({ rules: RULES, crm, env: { LOG_LEVEL: 'warn' } });
  return ServiceProcess.start(workspace.env, workspace.folder);
}

const inFlight = (url: string) =>
  until('a delivery is in flight', async () => (await readiness(url)).intake.inFlight === 1);
const ended = (service: ServiceProcess) => until('the process ends', () => service.ended !== null);

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s lets a delivery in flight get its answer, then it exits with 0',
  async (signal) => {
    await using service = await startService(sqlCrm({ timeoutMs: 60_000 }));
    const webhook = `${service.url}/webhooks/emailgistics`;
    const body = JSON.stringify(sampleDelivery());
    const half = start(webhook, { headers: HEADERS, body, firstBytes: 20 });
    await inFlight(service.url);

    service.signal(signal);
    await until('it drains', async () => !(await isReady(service.url)));
    expect((await send(webhook, { headers: HEADERS, body })).status).toBe(503);
    expect(service.ended).toBeNull();

    half.finish();
    const answer = await half.answer;
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([200, { actions: [{ value: { tags: ['gold'] } }] }]);
    await ended(service);
    expect(service.ended).toBe(0);
  },
);

test('SIGTERM lets a delivery that waits for the CRM get its actions', async () => {
  await using service = await startService(sqlCrm({ timeoutMs: 60_000 }));
  const body = JSON.stringify(sampleDelivery({ from: correspondent('slow@northwind.example') }));
  const waiting = send(`${service.url}/webhooks/emailgistics`, { headers: HEADERS, body });
  await inFlight(service.url);
  service.signal('SIGTERM');
  expect(JSON.parse((await waiting).text)).toMatchObject({ actions: [{ value: { tags: ['silver'] } }] });
  await ended(service);
  expect(service.ended).toBe(0);
});

test('SIGTERM lets a delivery be decided and kept whose sender went away', async () => {
  await using service = await startService(sqlCrm({ timeoutMs: 60_000 }));
  const sender = new AbortController();
  const body = JSON.stringify(sampleDelivery({ from: correspondent('slow@northwind.example') }));
  const gone = send(`${service.url}/webhooks/emailgistics`, { headers: HEADERS, body, signal: sender.signal });
  await inFlight(service.url);
  sender.abort();
  await expect(gone).rejects.toThrow();
  service.signal('SIGTERM');
  await ended(service);
  expect(service.ended).toBe(0);
  using database = new DatabaseSync(join(workspace.folder, 'data', 'enricher.db'), { readOnly: true });
  expect(database.prepare('SELECT outcome, lookup_state FROM decisions').all()).toMatchObject([
    { outcome: 'acted', lookup_state: 'found' },
  ]);
});

test('SIGTERM with nothing in flight exits with 0', async () => {
  await using service = await startService(sqlCrm());
  service.signal('SIGTERM');
  await ended(service);
  expect(service.ended).toBe(0);
});

test('a second signal ends it, whatever is in flight', async () => {
  await using service = await startService(sqlCrm());
  const body = JSON.stringify(sampleDelivery());
  const half = start(`${service.url}/webhooks/emailgistics`, { headers: HEADERS, body, firstBytes: 20 });
  half.answer.catch(() => undefined);
  await inFlight(service.url);
  service.signal('SIGTERM');
  await until('it drains', async () => !(await isReady(service.url)));
  service.signal('SIGTERM');
  await ended(service);
  expect(service.ended).toBe(1);
});

test('a query that never ends is given up and does not hold up the exit', async () => {
  await using service = await startService(sqlCrm({ timeoutMs: 200 }, Infinity));
  const body = JSON.stringify(sampleDelivery({ from: correspondent('slow@northwind.example') }));
  const { status, text } = await send(`${service.url}/webhooks/emailgistics`, { headers: HEADERS, body });
  expect([status, JSON.parse(text)]).toMatchObject([200, { status: 'error' }]);
  service.signal('SIGTERM');
  await ended(service);
  expect(service.ended).toBe(0);
});
