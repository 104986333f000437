import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { HeldCrm } from '../support/held-crm.js';
import { send, type SendOptions, start } from '../support/http.js';
import { correspondent, sampleDelivery } from '../support/sample-delivery.js';
import { answer } from '../support/scripted-server.js';
import { RunningApp, SECRET } from '../support/start-app.js';
import { until } from '../support/until.js';

const tagIf = (name: string, condition: object) => ({
  name,
  conditions: { all: [condition] },
  actions: [{ type: 'tag', value: { tags: [name] } }],
});
/** Nobody is looked up for a message without attachments. */
const RULES = {
  'rules.json': {
    rules: [
      tagIf('Plain', { fact: 'message.hasAttachments', operator: 'equal', value: false }),
      {
        name: 'Gold',
        conditions: {
          all: [
            { fact: 'message.hasAttachments', operator: 'equal', value: true },
            { fact: 'customer.tier', operator: 'equal', value: 'gold' },
          ],
        },
        actions: [{ type: 'tag', value: { tags: ['Gold'] } }],
      },
    ],
  },
};
const HEADERS = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' };
const LIMIT = 100_000;
let count = 0;

const plain = () => JSON.stringify(sampleDelivery());
const lookedUp = () => {
  const from = correspondent(`p${count++}@northwind.example`);
  return JSON.stringify(sampleDelivery({ hasAttachments: true, from }));
};
const inFlight = async (app: RunningApp) => (await app.readiness()).intake.inFlight;
const untilIn = (app: RunningApp, wanted: number) =>
  until(`${wanted} are in flight`, async () => (await inFlight(app)) === wanted);
const untilAsked = (crm: HeldCrm, wanted: number) => until(`${wanted} are looked up`, () => crm.asked === wanted);

/** Its sender goes away while the CRM is asked. */
async function hangUp(app: RunningApp, crm: HeldCrm): Promise<void> {
  const sender = new AbortController();
  const asked = crm.asked;
  const gone = send(app.webhookUrl, { headers: HEADERS, body: lookedUp(), signal: sender.signal });
  await untilAsked(crm, asked + 1);
  sender.abort();
  await expect(gone).rejects.toThrow();
}

test('deliveries whose senders went away count until they are decided', async () => {
  await using crm = await HeldCrm.start();
  const env = { MAX_IN_FLIGHT: '2' };
  await using app = await RunningApp.start({ rules: RULES, crm: crm.config, env });
  await hangUp(app, crm);
  await hangUp(app, crm);
  expect(await inFlight(app)).toBe(2);
  expect((await app.deliver(sampleDelivery())).status).toBe(429);
  crm.release();
  await untilIn(app, 0);
  expect((await app.deliver(sampleDelivery())).status).toBe(200);
});

test('the end waits for one that is decided for nobody, and one that is refused meanwhile does not count', async () => {
  await using crm = await HeldCrm.start();
  await using app = await RunningApp.start({ rules: RULES, crm: crm.config });
  await hangUp(app, crm);
  const closing = app.close();
  expect((await app.deliver(sampleDelivery())).status).toBe(503);
  expect((await app.readiness()).intake).toMatchObject({ draining: true, inFlight: 1 });
  crm.release();
  await closing;
  expect(app.logs.filter((line) => line.startsWith('acted: 1 action'))).toHaveLength(1);
});

type Scene = (app: RunningApp, crm: HeldCrm) => Promise<unknown>;
const statusOf =
  (options: SendOptions = {}): Scene =>
  async (app) =>
    (await send(app.webhookUrl, { headers: HEADERS, body: plain(), ...options })).status;

/** Two deliveries on one connection, the second sent before the first is answered; then it is torn down. */
async function pipeline(app: RunningApp, crm: HeldCrm): Promise<void> {
  const { hostname, port } = new URL(app.url);
  const socket = connect(Number(port), hostname);
  const request = (body: string) =>
    `POST /webhooks/emailgistics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${SECRET}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  socket.write(request(lookedUp()) + request(lookedUp()));
  await untilAsked(crm, 2);
  socket.resetAndDestroy();
  await once(socket, 'close');
}

test.each<[what: string, scene: Scene, result: number | undefined]>([
  ['answered', statusOf(), 200],
  [
    'answered with an error of ours',
    async (app, crm) => {
      crm.release(answer(500));
      return statusOf({ body: lookedUp() })(app, crm);
    },
    503,
  ],
  ['refused for its secret', statusOf({ headers: { ...HEADERS, authorization: 'Bearer wrong' } }), 401],
  ['no JSON', statusOf({ body: '{' }), 400],
  ['no delivery', statusOf({ body: '{}' }), 400],
  ['compressed', statusOf({ headers: { ...HEADERS, 'content-encoding': 'gzip' } }), 415],
  ['of another type', statusOf({ headers: { ...HEADERS, 'content-type': 'text/plain' } }), 415],
  ['too large, and says so', statusOf({ body: 'x'.repeat(LIMIT + 1) }), 413],
  [
    'too large, in pieces of which nothing was said',
    async (app) => {
      const headers = { ...HEADERS, 'content-length': undefined, 'transfer-encoding': 'chunked' };
      return (await send(app.webhookUrl, { headers, body: 'x'.repeat(LIMIT + 1) })).status;
    },
    413,
  ],
  [
    'broken off in its body',
    async (app) => {
      const sender = new AbortController();
      const { answer: broken } = start(app.webhookUrl, {
        headers: HEADERS,
        body: plain(),
        firstBytes: 20,
        signal: sender.signal,
      });
      await untilIn(app, 1);
      sender.abort();
      await expect(broken).rejects.toThrow();
    },
    undefined,
  ],
  ['given up on while it is decided', hangUp, undefined],
  ['one of two on a connection that ends', pipeline, undefined],
])('a delivery that is %s is in flight no more', async (_, scene, result) => {
  await using crm = await HeldCrm.start();
  const env = { BODY_LIMIT_BYTES: String(LIMIT), ANSWER_DEADLINE_MS: '60000' };
  await using app = await RunningApp.start({ rules: RULES, crm: crm.config, env });
  expect(await scene(app, crm)).toBe(result);
  crm.release();
  await untilIn(app, 0);
});
