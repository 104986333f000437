import { Agent } from 'node:http';
import { expect, test } from '@jest/globals';
import { type Answer, send, start } from '../support/http.js';
import { correspondent, sampleDelivery } from '../support/sample-delivery.js';
import { sqlCrm } from '../support/sql-crm.js';
import { RunningApp, SECRET } from '../support/start-app.js';
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
const GOOD_HEADERS = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' };

function tagsOf({ status, text }: Answer): unknown {
  expect(status).toBe(200);
  return (JSON.parse(text) as { actions?: { value: { tags: string[] } }[] }).actions?.[0]?.value.tags;
}

const inFlight = (app: RunningApp, count: number) =>
  until(`${count} deliveries are in flight`, async () => (await app.readiness()).intake.inFlight === count);

test('a delivery that waits for the CRM when the service is stopped is answered with its actions', async () => {
  await using app = await RunningApp.start({ rules: RULES, crm: sqlCrm({ timeoutMs: 60_000 }) });
  const waiting = app.deliver(sampleDelivery({ from: correspondent('slow@northwind.example') }));
  await inFlight(app, 1);

  const closing = app.close();
  expect((await app.deliver(sampleDelivery())).status).toBe(503);
  expect(tagsOf(await waiting)).toEqual(['silver']);
  await closing;
  await expect(app.deliver(sampleDelivery())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a delivery whose body is still coming when the service is stopped is answered with its actions', async () => {
  await using app = await RunningApp.start({ rules: RULES, crm: sqlCrm() });
  const body = JSON.stringify(sampleDelivery());
  const { answer, finish } = start(app.webhookUrl, { headers: GOOD_HEADERS, body, firstBytes: 20 });
  await inFlight(app, 1);

  const closing = app.close();
  finish();
  expect(tagsOf(await answer)).toEqual(['gold']);
  await closing;
});

test('while it drains, new deliveries get 503 on new and on kept-alive connections, and health says so', async () => {
  await using app = await RunningApp.start({ rules: RULES, crm: sqlCrm() });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const deliver = (options: { agent?: Agent; authorization?: string } = {}) =>
    send(app.webhookUrl, {
      headers: { ...GOOD_HEADERS, authorization: options.authorization ?? GOOD_HEADERS.authorization },
      body: JSON.stringify(sampleDelivery()),
      ...(options.agent === undefined ? {} : { agent: options.agent }),
    });
  expect(tagsOf(await deliver({ agent }))).toEqual(['gold']);
  const body = JSON.stringify(sampleDelivery());
  const { answer, finish } = start(app.webhookUrl, { headers: GOOD_HEADERS, body, firstBytes: 20 });
  await inFlight(app, 1);
  const closing = app.close();

  for (let index = 0; index < 3; index++) {
    const refused = [await deliver({ agent }), await deliver()];
    expect(refused.map(({ status, isKeptAlive }) => [status, isKeptAlive])).toEqual([
      [503, true],
      [503, false],
    ]);
    for (const { headers, text } of refused) {
      expect(headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(JSON.parse(text)).toMatchObject({ status: 503, detail: expect.any(String) });
    }
  }
  expect((await deliver({ authorization: 'Bearer wrong' })).status).toBe(401);
  const health = async (name: string) => (await send(`${app.url}/health/${name}`, { method: 'GET' })).status;
  expect([await health('live'), await health('ready')]).toEqual([200, 503]);

  finish();
  expect(tagsOf(await answer)).toEqual(['gold']);
  await closing;
  agent.destroy();
});

test('while it drains, the body of /health/ready says that it drains, how many are in flight, and what else it knows', async () => {
  await using app = await RunningApp.start({ rules: RULES, crm: sqlCrm() });
  const body = JSON.stringify(sampleDelivery());
  const { answer, finish } = start(app.webhookUrl, { headers: GOOD_HEADERS, body, firstBytes: 20 });
  await inFlight(app, 1);
  const { rules } = await app.readiness();
  const closing = app.close();
  const { text } = await send(`${app.url}/health/ready`, { method: 'GET' });
  finish();
  await Promise.all([answer, closing]);
  expect(JSON.parse(text)).toMatchObject({
    status: 'error',
    error: { intake: { status: 'down', draining: true, inFlight: 1 } },
    details: { rules: { revision: rules.revision } },
  });
});

test('a sender that goes away does not hold up the end', async () => {
  await using app = await RunningApp.start({ rules: RULES, crm: sqlCrm() });
  const sender = new AbortController();
  const body = JSON.stringify(sampleDelivery());
  const { answer } = start(app.webhookUrl, { headers: GOOD_HEADERS, body, firstBytes: 20, signal: sender.signal });
  await inFlight(app, 1);
  const closing = app.close();
  sender.abort();
  await expect(answer).rejects.toThrow();
  await closing;
});

test('a service with nothing in flight stops at once, whatever connections are open', async () => {
  await using app = await RunningApp.start({ rules: RULES, crm: sqlCrm() });
  const agent = new Agent({ keepAlive: true });
  await send(`${app.url}/health/live`, { method: 'GET', agent });
  await app.close();
  await expect(send(`${app.url}/health/live`, { method: 'GET', agent })).rejects.toThrow();
  agent.destroy();
});
