import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADMIN_TOKEN, AdminClient, violationsOf } from '../support/admin-client.js';
import { send, start } from '../support/http.js';
import { sampleDelivery } from '../support/sample-delivery.js';
import { RunningApp, SECRET } from '../support/start-app.js';

const ROUTES: readonly (readonly [method: string, path: string])[] = [
  ['POST', '/admin/simulate'],
  ['GET', '/admin/rules'],
  ['POST', '/admin/rules/reload'],
  ['GET', '/admin/decisions'],
  ['GET', '/admin/decisions/0mi5zk3tc9f86d081884c7d65'],
  ['POST', '/admin/crm/lookup'],
  ['POST', '/admin/crm/invalidate'],
];
const DOCS = ['/docs', '/docs/json', '/docs/start.js', '/docs/swagger-ui-bundle.js', '/docs/swagger-ui.css'];

let app: RunningApp;
let admin: AdminClient;
beforeAll(async () => {
  app = await RunningApp.start({ rules: { 'rules.json': { rules: [] } }, env: { ADMIN_TOKEN } });
  admin = await AdminClient.of(app);
});
afterAll(() => app.close());

test('without a token there is no Admin API, whatever somebody carries', async () => {
  await using closed = await RunningApp.start({ rules: { 'rules.json': { rules: [] } } });
  const paths = [...ROUTES, ...DOCS.map((path) => ['GET', path] as const)];
  for (const [method, path] of paths) {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    expect([path, (await send(closed.url + path, { method, headers })).status]).toEqual([path, 404]);
  }
});

describe.each(ROUTES)('%s %s', (method, path) => {
  test.each([
    ['no token', undefined],
    ['a wrong token', 'Bearer not-the-admin-token-of-the-tests'],
    ['the beginning of the token', `Bearer ${ADMIN_TOKEN.slice(0, -1)}`],
    ['the token and more', `Bearer ${ADMIN_TOKEN}, ${ADMIN_TOKEN}`],
    ['an empty token', 'Bearer '],
    ['another scheme', `Basic ${ADMIN_TOKEN}`],
    ['the secret of the webhook', `Bearer ${SECRET}`],
  ])('is shut to who carries %s, whatever else is wrong', async (_, authorization) => {
    const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip', authorization };
    const body = method === 'POST' ? { body: '{"broken' } : {};
    const answer = await send(`${app.url}${path}?sender=nobody`, { method, headers, ...body });
    expect(answer).toMatchObject({ status: 401, text: '', headers: { 'www-authenticate': 'Bearer' } });
  });
});

test('a stranger is answered before the body is read', async () => {
  const headers = { authorization: 'Bearer wrong', 'content-type': 'application/json', 'content-length': 5_000_000 };
  const { answer } = start(`${app.url}/admin/simulate`, { headers, firstBytes: 0 });
  expect((await answer).status).toBe(401);
});

test('several tokens may be valid, and none opens the webhook', async () => {
  const second = 'another-token-of-the-admin';
  await using two = await RunningApp.start({
    rules: { 'rules.json': { rules: [] } },
    env: { ADMIN_TOKEN: `${ADMIN_TOKEN},${second}` },
  });
  for (const token of [ADMIN_TOKEN, second]) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    expect((await send(`${two.url}/admin/rules`, { method: 'GET', headers })).status).toBe(200);
    expect((await send(two.webhookUrl, { headers, body: JSON.stringify(sampleDelivery()) })).status).toBe(401);
  }
});

test('no answer is kept by anybody on the way', async () => {
  expect((await admin.get('rules')).headers['cache-control']).toBe('no-store');
});

test('an unknown path is not found', async () => {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  for (const path of ['/admin', '/admin/', '/admin/nothing', '/admin/decisions/a/b'])
    expect([path, (await send(app.url + path, { method: 'GET', headers })).status]).toEqual([path, 404]);
});

describe('a body', () => {
  const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
    send(`${app.url}/admin/${path}`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json', ...headers },
      body,
    });

  test.each(['simulate', 'crm/lookup', 'crm/invalidate'])('for %s must be JSON', async (path) => {
    expect((await post(path, '{"broken')).status).toBe(400);
    expect((await post(path, 'address=x', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post(path, gzipSync('{}'), { 'content-encoding': 'gzip' })).status).toBe(415);
  });

  test('is limited to 64 KiB, announced or not, but for messages', async () => {
    const long = JSON.stringify({ address: 'x'.repeat(70_000) });
    for (const path of ['crm/lookup', 'crm/invalidate', 'rules/reload']) {
      expect([path, (await post(path, long)).status]).toEqual([path, 413]);
      const response = await fetch(`${app.url}/admin/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
        body: new Blob([long]).stream(),
        duplex: 'half',
      });
      expect([path, response.status]).toEqual([path, 413]);
    }
    expect((await admin.post('simulate', { message: sampleDelivery({ bodyText: 'x'.repeat(70_000) }) })).status).toBe(
      200,
    );
  });

  const message = { id: '1', event: 'received', mailbox: 'claims@insurer.example' };
  const sent = { ...message, from: { emailAddress: { address: 'dana@northwind.example' } } };
  const deep = '['.repeat(50_000) + ']'.repeat(50_000);
  test.each<[path: string, what: string, body: unknown, violations: Readonly<Record<string, unknown>>]>([
    ['simulate', 'no object', [], { '': 'the body must be a JSON object' }],
    ['simulate', 'no message', {}, { message: 'must be a delivery as Emailgistics sends it' }],
    [
      'simulate',
      'several faults',
      { message: { id: 1, event: 'received' }, customer: 'gold', now: 'today', custmer: 1 },
      {
        '': 'the key "custmer" is unknown, did you mean "customer"?',
        'message.id': expect.any(String),
        'message.mailbox': expect.any(String),
        customer: 'must be a JSON object, or null for nobody',
        now: 'must be a date or time, such as 2026-12-01T09:00:00Z',
      },
    ],
    [
      'simulate',
      'a wrong look-up',
      { message: sent, lookup: { state: 'lost', ageSeconds: -1, stale: 'no', sorce: 'x' } },
      {
        lookup: 'the key "sorce" is unknown, did you mean "source"?',
        'lookup.state': 'must be found, not_found, ambiguous, unavailable, no_sender, skipped',
        'lookup.ageSeconds': 'must be a whole number from 0 up, or null',
        'lookup.stale': 'must be true or false',
      },
    ],
    [
      'simulate',
      'a look-up that never ends so',
      { message: sent, customer: {}, lookup: { state: 'not_found' } },
      { lookup: 'the look-up state "not_found" means that there is no "customer"' },
    ],
    [
      'simulate',
      'a deep customer',
      `{"message":${JSON.stringify(sent)},"customer":{"a":${deep}}}`,
      { customer: 'must not be deeper than 10 levels' },
    ],
    ['simulate', 'a deep message', deep, { '': 'the body must be a JSON object' }],
    ['crm/lookup', 'no address', {}, { address: 'must be an e-mail address' }],
    ['crm/lookup', 'a list', { address: ['dana@northwind.example'] }, { address: 'must be an e-mail address' }],
    [
      'crm/lookup',
      'an address as a key',
      { address: 'dana', 'dana@northwind.example': 1 },
      { '': 'a key is unknown', address: 'must be an e-mail address' },
    ],
    ['crm/invalidate', 'nothing', {}, { '': 'must have "address" or "domain"' }],
    [
      'crm/invalidate',
      'everything wrong',
      { address: '@', domain: 'not a domain', provider: 'customer' },
      {
        address: 'must be an e-mail address',
        domain: 'must be a domain',
        provider: 'is none of the providers (there are "customers"), did you mean "customers"?',
      },
    ],
    [
      'crm/invalidate',
      'a domain of everybody',
      { domain: 'gmail.com' },
      { domain: 'is one of free mail: nobody is found by it' },
    ],
  ])('for %s with %s is refused with all that is wrong', async (path, _what, body, violations) => {
    expect(violationsOf(await admin.post(path, body))).toEqual({ status: '400', ...violations });
  });
});

describe('the OpenAPI document', () => {
  test('describes every route, who may use it, and each answer', () => {
    const described = Object.entries(admin.document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routes = ROUTES.map(([method, path]) => `${method} ${path.replace(/0mi5.*/, '{id}')}`);
    expect(described.toSorted()).toEqual(routes.toSorted());
    expect(admin.document.openapi).toBe('3.1.0');
    const schemes = admin.document.components?.securitySchemes;
    expect(schemes).toMatchObject({ adminToken: { type: 'http', scheme: 'bearer' } });
    for (const operations of Object.values(admin.document.paths))
      for (const operation of [operations.get, operations.post]) {
        if (operation === undefined) continue;
        expect(operation.security).toEqual([{ adminToken: [] }]);
        expect(operation.summary).toEqual(expect.any(String));
        expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401']));
        for (const response of Object.values(operation.responses)) expect(response).toHaveProperty('description');
      }
  });

  test('has examples that fit their schemas, and no reference that leads nowhere', () => {
    const examples: [string, unknown][] = [];
    interface Part {
      readonly schema?: { readonly $ref?: string };
      readonly example?: unknown;
      readonly examples?: { readonly example: { readonly value: unknown } };
    }
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      const { schema, example, examples: more } = value as Part;
      if (schema?.$ref !== undefined && example !== undefined) examples.push([schema.$ref, example]);
      if (schema?.$ref !== undefined && more !== undefined) examples.push([schema.$ref, more.example.value]);
      const { $ref } = value as { $ref?: string };
      if ($ref !== undefined)
        expect(Object.keys(admin.document.components?.schemas ?? {})).toContain($ref.split('/').at(-1));
      Object.values(value).forEach(visit);
    };
    visit(admin.document);
    expect(examples.length).toBeGreaterThan(9);
    for (const [ref, example] of examples) expect([ref, admin.faults(ref, example)]).toEqual([ref, []]);
  });

  test('is shown on a page that takes nothing from elsewhere', async () => {
    const { status, text, headers } = await send(`${app.url}/docs`, { method: 'GET' });
    expect([status, headers['content-security-policy']]).toEqual([200, expect.stringContaining("default-src 'none'")]);
    const links = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '');
    for (const link of links.filter((each) => !each.startsWith('data:')))
      expect([link, (await send(app.url + link, { method: 'GET' })).status]).toEqual([link, 200]);
  });
});
