import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Answer, send, start } from '../support/http.js';
import { correspondent, sampleDelivery } from '../support/sample-delivery.js';
import { sqlCrm } from '../support/sql-crm.js';
import { RunningApp, SECRET } from '../support/start-app.js';
import { until } from '../support/until.js';

const RULES = {
  'all.json': {
    rules: [
      {
        name: 'all',
        conditions: { all: [{ fact: 'message.subject', operator: 'exists', value: true }] },
        actions: [{ type: 'tag', value: { tags: ['Seen'] } }],
      },
    ],
  },
};
const HEADERS = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' };
/** Of each turn of the loop: more than it may be late. */
const BLOCK_MS = 1_000;
/** So many that a late loop matters. */
const MANY = 100;
/** Of so many, 100 are no few any more. */
const MOST = { MAX_IN_FLIGHT: '500' };

/** Keeps the event loop busy, and lets it turn now and then, until the returned function is called. */
function blockLoop(): () => void {
  let isBlocked = true;
  const block = () => {
    const end = performance.now() + BLOCK_MS;
    while (performance.now() < end);
    if (isBlocked) setImmediate(block);
  };
  setImmediate(block);
  return () => (isBlocked = false);
}

function expectRefused({ status, headers, text }: Answer): void {
  expect([status, headers['content-type']]).toEqual([429, 'application/problem+json; charset=utf-8']);
  expect(headers['retry-after']).toMatch(/^([1-9]|10)$/);
  expect(JSON.parse(text)).toMatchObject({ status: 429, detail: expect.any(String), requestId: expect.any(String) });
}

const statusOf = async (url: string) => (await send(url, { method: 'GET' })).status;
const refusals = async (app: RunningApp, reason: string): Promise<number> => {
  const { text } = await send(`${app.url}/metrics`, { method: 'GET' });
  return Number(
    new RegExp(`^enricher_overload_refusals_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0,
  );
};

/** Deliveries whose bodies are still coming; the returned function sends the rest, and gives the answers. */
async function fill(app: RunningApp, count: number): Promise<() => Promise<readonly Answer[]>> {
  const body = JSON.stringify(sampleDelivery());
  const started = Array.from({ length: count }, () =>
    start(app.webhookUrl, { headers: HEADERS, body, firstBytes: 20 }),
  );
  await until(`${count} are in flight`, async () => (await app.readiness()).intake.inFlight === count);
  return () => {
    for (const { finish } of started) finish();
    return Promise.all(started.map(({ answer }) => answer));
  };
}

test('with a blocked event loop deliveries get 429, health and metrics answer; afterwards all is as before', async () => {
  await using app = await RunningApp.start({ rules: RULES, env: MOST });
  const finish = await fill(app, MANY);
  const release = blockLoop();
  let refused: Answer | undefined;
  try {
    await until('a delivery is refused', async () => {
      const answer = await app.deliver(sampleDelivery());
      if (answer.status === 429) refused = answer;
      return refused !== undefined;
    });
    const pages = ['/health/live', '/health/startup', '/health/ready', '/metrics'];
    expect(await Promise.all(pages.map((page) => statusOf(`${app.url}${page}`)))).toEqual(pages.map(() => 200));
  } finally {
    release();
  }
  expectRefused(refused!);
  await until('deliveries are taken in again', async () => (await app.deliver(sampleDelivery())).status === 200);
  expect(new Set((await finish()).map(({ status }) => status))).toEqual(new Set([200]));
  expect(await refusals(app, 'event_loop')).toBeGreaterThan(0);

  await until('the end is logged', () => app.logs.some((line) => line.startsWith('No longer overloaded: ')));
  const told = app.logLines.filter(({ context }) => context === 'Overload').map(({ level }) => level);
  expect(told).toEqual(['warn', 'info']);
}, 60_000);

test('with a blocked event loop and few in flight all are taken in: the machine is busy with others', async () => {
  await using app = await RunningApp.start({ rules: RULES });
  const release = blockLoop();
  try {
    const answers = [await app.deliver(sampleDelivery()), await app.deliver(sampleDelivery())];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  } finally {
    release();
  }
}, 60_000);

describe('with as many in flight as may be', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await RunningApp.start({ rules: RULES, env: { MAX_IN_FLIGHT: '2' } });
  });
  afterAll(() => app.close());

  test('one more gets 429, and those in flight are answered', async () => {
    const finish = await fill(app, 2);
    expectRefused(await app.deliver(sampleDelivery()));
    const stranger = await send(app.webhookUrl, { headers: { ...HEADERS, authorization: 'Bearer wrong' } });
    expect(stranger.status).toBe(401);
    expect((await finish()).map(({ status }) => status)).toEqual([200, 200]);
    await until('nothing is in flight', async () => (await app.readiness()).intake.inFlight === 0);
    expect((await app.deliver(sampleDelivery())).status).toBe(200);
    expect(await refusals(app, 'in_flight')).toBe(1);
  });

  test('a large delivery is refused before its body comes', async () => {
    const finish = await fill(app, 2);
    const { answer } = start(app.webhookUrl, {
      headers: HEADERS,
      body: JSON.stringify(sampleDelivery({ bodyText: 'x'.repeat(10_000_000) })),
      firstBytes: 0,
    });
    expectRefused(await answer);
    await finish();
  });

  test('how long to wait differs', async () => {
    const finish = await fill(app, 2);
    const answers = await Promise.all(Array.from({ length: 60 }, () => app.deliver(sampleDelivery())));
    answers.forEach(expectRefused);
    expect(new Set(answers.map(({ headers }) => headers['retry-after'])).size).toBeGreaterThan(3);
    await finish();
  });

  test('while it stops, it is 503 and not 429', async () => {
    await using stopping = await RunningApp.start({ rules: RULES, env: { MAX_IN_FLIGHT: '1' } });
    const { answer, finish } = start(stopping.webhookUrl, {
      headers: HEADERS,
      body: JSON.stringify(sampleDelivery()),
      firstBytes: 20,
    });
    await until('it is in flight', async () => (await stopping.readiness()).intake.inFlight === 1);
    const closing = stopping.close();
    expect((await stopping.deliver(sampleDelivery())).status).toBe(503);
    finish();
    expect((await answer).status).toBe(200);
    await closing;
  });
});

test('a slow CRM is no overload: all that wait for it are answered', async () => {
  const rules = JSON.stringify(RULES).replace('message.subject', 'customer.tier');
  const crm = sqlCrm({ timeoutMs: 60_000 }, Infinity);
  await using app = await RunningApp.start({ rules: JSON.parse(rules), crm, env: { ANSWER_DEADLINE_MS: '8000' } });
  const slow = () => app.deliver(sampleDelivery({ from: correspondent('slow@northwind.example') }));
  const waiting = Array.from({ length: MANY }, slow);
  await until('they are in flight', async () => (await app.readiness()).intake.inFlight === waiting.length);
  expect(new Set((await Promise.all(waiting)).map(({ status }) => status))).toEqual(new Set([200]));
}, 60_000);
