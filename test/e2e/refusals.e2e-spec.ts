import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { send } from '../support/http.js';
import { sampleDelivery } from '../support/sample-delivery.js';
import { RunningApp, SECRET } from '../support/start-app.js';
import { until } from '../support/until.js';

const HEADERS = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json', 'x-request-id': 'refused-1' };
const GOOD = sampleDelivery();
const RULES = { 'none.json': { rules: [] } };

let app: RunningApp;
let firstOfTest = 0;
beforeAll(async () => {
  app = await RunningApp.start({ rules: RULES, env: { LOG_LEVEL: 'debug', BODY_LIMIT_BYTES: '10000' } });
});
beforeEach(() => {
  firstOfTest = app.logLines.length;
});
afterAll(() => app.close());

interface Refusal {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly status: number;
  /** Names of what is wrong. */
  readonly fields?: readonly string[];
  readonly msg: string;
}

const REFUSALS: readonly Refusal[] = [
  { headers: { authorization: 'Bearer another-secret' }, status: 401, msg: 'its secret is none of ours' },
  { body: '{"id": "Dana', status: 400, msg: 'it is no delivery' },
  { body: [], status: 400, fields: ['(body)'], msg: 'it is no delivery: (body)' },
  {
    body: { ...GOOD, mailbox: ['Dana'], from: { emailAddress: { address: 7 } } },
    status: 400,
    fields: ['mailbox', 'from.emailAddress.address'],
    msg: 'it is no delivery: mailbox, from.emailAddress.address',
  },
  { body: { ...GOOD, subject: 'x'.repeat(10_000) }, status: 413, msg: 'it is larger than BODY_LIMIT_BYTES' },
  { headers: { 'content-type': 'text/plain' }, status: 415, msg: 'its content type or encoding is none of ours' },
  { headers: { 'content-encoding': 'gzip' }, status: 415, msg: 'its content type or encoding is none of ours' },
  ...[
    '/webhooks',
    '/webhooks/emailgistic',
    '/webhooks/emailgistics/',
    '//webhooks/emailgistics',
    '/Webhooks/emailgistics',
    '/emailgistics-webhook/?a=dana',
  ].map((path) => ({ path, status: 404, msg: 'no deliveries come in at its path' })),
];

test.each(REFUSALS)(
  'a delivery that is refused is told in a line: $status $path $headers $fields',
  async ({ path = '/webhooks/emailgistics', headers, body = GOOD, status, fields, msg }) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await send(`${app.url}${path}`, { headers: { ...HEADERS, ...headers }, body: text });
    expect(answer.status).toBe(status);
    const told = () => app.logLines.slice(firstOfTest).filter(({ level }) => level === 'warn');
    await until('it is told', () => told().length > 0);
    expect(told()).toEqual([
      {
        level: 'warn',
        time: expect.any(String),
        requestId: 'refused-1',
        context: 'Webhook',
        status,
        ...(fields === undefined ? {} : { fields }),
        msg: `A delivery got ${status} and is not sent again: ${msg}`,
      },
    ]);
    expect(JSON.stringify(told())).not.toMatch(/dana/i);
  },
);

test.each([
  ['/webhooks/emailgistics', 'GET', 404],
  ['/nowhere', 'POST', 404],
  ['/webhooks/emailgistics', 'POST', 200],
])('nothing is told of %s, %s, %d', async (path, method, status) => {
  const body = method === 'POST' ? { body: JSON.stringify(GOOD) } : {};
  expect((await send(`${app.url}${path}`, { method, headers: HEADERS, ...body })).status).toBe(status);
  const told = () => app.logLines.slice(firstOfTest);
  await until('the request is told', () => told().some(({ msg }) => msg === 'request answered'));
  expect(told().filter(({ level }) => level === 'warn')).toEqual([]);
});

test('of many that are refused alike ten have a line, and one says how many more there were', async () => {
  const own = await RunningApp.start({ rules: RULES });
  const answers = await Promise.all(Array.from({ length: 25 }, () => send(own.webhookUrl, { body: '{}' })));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
  expect((await own.deliver({})).status).toBe(400);
  await own.close();
  const told = own.logLines.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
  expect(told.filter((msg) => msg.startsWith('A delivery got 401 '))).toHaveLength(10);
  expect(told.filter((msg) => msg.startsWith('A delivery got 400 '))).toHaveLength(1);
  expect(told.at(-1)).toBe('15 more deliveries got 401 within a minute');
});
