import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { keepSecret } from '../support/clean-logs.js';
import { type Answer, send, type SendOptions, start } from '../support/http.js';
import { type CrmState, pushedCrm, tierServer } from '../support/pushed-crm.js';
import { correspondent, sampleDelivery } from '../support/sample-delivery.js';
import { ScriptedServer } from '../support/scripted-server.js';
import { RunningApp, SECRET } from '../support/start-app.js';
import { until } from '../support/until.js';

const PUSH_SECRET = 'the-secret-of-pushes';
const DANA = 'dana@northwind.example';
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

const state: CrmState = { tier: 'silver', isDown: false };
let server: ScriptedServer;
let app: RunningApp;

beforeAll(async () => {
  keepSecret(PUSH_SECRET);
  server = await ScriptedServer.start(tierServer(state));
  app = await RunningApp.start({ rules: RULES, crm: pushedCrm(server, PUSH_SECRET) });
});
afterAll(async () => {
  await app.close();
  await server[Symbol.asyncDispose]();
});

const HEADERS = { authorization: `Bearer ${PUSH_SECRET}`, 'content-type': 'application/json' };
const url = (provider = 'crm') => `${app.url}/hooks/crm/${provider}`;
const push = (body: unknown, options: SendOptions = {}) =>
  send(url(), { headers: HEADERS, body: typeof body === 'string' ? body : JSON.stringify(body), ...options });

function violationsOf({ status, headers, text }: Answer): Record<string, string> {
  expect([status, headers['content-type']]).toEqual([400, 'application/problem+json; charset=utf-8']);
  const { violations } = JSON.parse(text) as { violations: { field: string; message: string }[] };
  return Object.fromEntries(violations.map(({ field, message }) => [field, message]));
}

/** The tag that a message of this sender gets; undefined when none. */
async function tagFor(address: string): Promise<string | undefined> {
  const { status, text } = await app.deliver(sampleDelivery({ from: correspondent(address) }));
  expect(status).toBe(200);
  return (JSON.parse(text) as { actions?: { value: { tags: string[] } }[] }).actions?.[0]?.value.tags[0];
}

describe('who may push', () => {
  test.each([
    ['no secret', undefined],
    ['a wrong secret', 'Bearer not-the-secret-of-pushes'],
    ['the beginning of the secret', `Bearer ${PUSH_SECRET.slice(0, -1)}`],
    ['another scheme', `Basic ${PUSH_SECRET}`],
    ['the secret of the webhook', `Bearer ${SECRET}`],
  ])('not one with %s, whatever else is wrong', async (_, authorization) => {
    for (const body of ['{}', '{"broken']) {
      const headers = { 'content-type': 'text/plain', ...(authorization === undefined ? {} : { authorization }) };
      const answer = await push(body, { headers });
      expect(answer).toMatchObject({ status: 401, text: '', headers: { 'www-authenticate': 'Bearer' } });
    }
  });

  test('is answered before the body is read', async () => {
    const headers = { ...HEADERS, authorization: 'Bearer wrong', 'content-length': 5_000_000 };
    const { answer } = start(url(), { headers, firstBytes: 0 });
    expect((await answer).status).toBe(401);
  });

  test('not with the secret of pushes to the webhook', async () => {
    const answer = await send(app.webhookUrl, { headers: HEADERS, body: JSON.stringify(sampleDelivery()) });
    expect(answer.status).toBe(401);
  });

  test.each(['files', 'nobody', '', 'crm/', 'CRM', '..%2fcrm', '__proto__', 'constructor', 'x'.repeat(80)])(
    'nobody for the provider %j, which has no secret or is none',
    async (provider) => {
      const answer = await send(url(provider), { headers: HEADERS, body: '{"broken' });
      expect(answer).toMatchObject({
        status: 404,
        headers: { 'content-type': 'application/problem+json; charset=utf-8' },
      });
    },
  );

  test.each(['GET', 'PUT', 'DELETE'])('not by %s', async (method) => {
    const { 'content-type': _, ...headers } = HEADERS;
    expect((await send(url(), { method, headers })).status).toBe(404);
  });
});

describe('a body that is none', () => {
  const change = { email: DANA };
  test.each<[string, unknown, Record<string, string>]>([
    ['a list', [change], { '': 'the body must be a JSON object' }],
    ['null', 'null', { '': 'the body must be a JSON object' }],
    ['nothing', {}, { '': 'must have "email" or "domain"' }],
    ['an address that is none', { email: 'dana' }, { email: 'must be an e-mail address' }],
    ['an address that is a number', { email: 5 }, { email: 'must be an e-mail address' }],
    ['a domain that is none', { domain: 'https://northwind.example/' }, { domain: 'must be a domain' }],
    ['a slip', { ...change, recrod: {} }, { '': 'the key "recrod" is unknown, did you mean "record"?' }],
    ['no changes', { changes: [] }, { changes: 'must have 1 to 1000 entries' }],
    ['changes that are none', { changes: {} }, { changes: 'must be a list' }],
    [
      'too many changes',
      { changes: Array.from({ length: 1_001 }, () => change) },
      { changes: 'must have 1 to 1000 entries' },
    ],
    ['one change beside many', { changes: [change], ...change }, { '': 'the key "email" is unknown' }],
    ['a record that is a list', { ...change, record: [] }, { record: 'must be a JSON object, or null' }],
    [
      'a field that no rule can know',
      { ...change, record: { teir: 'gold' } },
      { record: 'the field "teir" is none that the provider maps, did you mean "tier"?' },
    ],
    [
      'a value that no CRM field has',
      { ...change, record: { tier: { is: 'gold' } } },
      { record: 'the field "tier" must be text, a number, true, false, null, or a list of them' },
    ],
    [
      'a list in a list',
      { ...change, record: { tier: [['gold']] } },
      { record: 'the field "tier" must be text, a number, true, false, null, or a list of them' },
    ],
    [
      'a record that is too long',
      { ...change, record: { tier: 'x'.repeat(20_001) } },
      { record: 'must have at most 20000 characters as JSON' },
    ],
    [
      'several faults',
      { changes: [change, { email: '?', domain: '?' }, 'x', { record: { tier: {} } }] },
      {
        'changes[1].email': 'must be an e-mail address',
        'changes[1].domain': 'must be a domain',
        'changes[2]': 'must be a JSON object',
        'changes[3]': 'must have "email" or "domain"',
        'changes[3].record': 'the field "tier" must be text, a number, true, false, null, or a list of them',
      },
    ],
  ])('because of %s, is refused with every fault', async (_, body, violations) => {
    expect(violationsOf(await push(body))).toEqual(violations);
  });

  test('is not quoted: what is in it may be of a person', async () => {
    const { text } = await push({ changes: [{ email: 'kim@', [DANA]: 1, record: { [DANA]: 'x', 'Dana Reyes': 1 } }] });
    expect(text).not.toMatch(/kim|dana/i);
    expect(text).toContain('a field is none that the provider maps');
  });

  test('names no more than a thousand faults', async () => {
    const fields = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`field${index}`, 1]));
    const changes = Array.from({ length: 100 }, () => ({ email: DANA, record: fields }));
    const { status, text } = await push({ changes });
    const { violations } = JSON.parse(text) as { violations: unknown[] };
    expect([status, violations.length, violations.at(-1)]).toEqual([
      400,
      1_001,
      { field: '', message: 'and 14000 more' },
    ]);
  });

  test.each<[number, string, SendOptions['headers'], string]>([
    [400, 'broken JSON', {}, '{"email": '],
    [415, 'another type', { 'content-type': 'text/plain' }, '{}'],
    [415, 'a compressed body', { 'content-encoding': 'gzip' }, '{}'],
    [413, '11 MB', {}, JSON.stringify({ email: 'x'.repeat(11_000_000) })],
  ])('is answered %i: %s', async (status, _, headers, body) => {
    const answer = await push(body, { headers: { ...HEADERS, ...headers } });
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/problem+json; charset=utf-8' } });
  });
});

describe('a change', () => {
  let sender: string;
  let count = 0;
  beforeEach(() => {
    sender = `person${++count}@northwind${count}.example`;
    Object.assign(state, { tier: 'silver', isDown: false });
  });

  test.each([{}, { record: null }])('with %j drops what is known: the next message asks the CRM', async (more) => {
    expect(await tagFor(sender)).toBe('silver');
    state.tier = 'gold';
    expect(await tagFor(sender)).toBe('silver');
    const { status, text } = await push({ email: sender.toUpperCase(), ...more });
    expect([status, JSON.parse(text)]).toEqual([200, { status: 'success', dropped: 1, replaced: 0 }]);
    expect(await tagFor(sender)).toBe('gold');
  });

  test('drops the last known record, too', async () => {
    expect(await tagFor(sender)).toBe('silver');
    await push({ email: sender });
    state.isDown = true;
    expect(await tagFor(sender)).toBeUndefined();
  });

  test('with a record is what the next message gets, without a call', async () => {
    expect(await tagFor(sender)).toBe('silver');
    const calls = server.seen.length;
    const { status, text } = await push({ email: sender, record: { tier: 'gold', score: 7 } });
    expect([status, JSON.parse(text)]).toEqual([200, { status: 'success', dropped: 0, replaced: 1 }]);
    expect(await tagFor(sender)).toBe('gold');
    expect(server.seen).toHaveLength(calls);
  });

  test('with a record reaches a sender whom nobody has asked for, while the CRM is down', async () => {
    state.isDown = true;
    await push({ email: sender, record: { tier: 'gold' } });
    expect(await tagFor(sender)).toBe('gold');
  });

  test('of a domain is for everybody there', async () => {
    const [, domain] = sender.split('@');
    state.tier = null;
    expect(await tagFor(`one@${domain}`)).toBeUndefined();
    await push({ domain: domain!.toUpperCase(), record: { tier: 'partner' } });
    expect([await tagFor(`one@${domain}`), await tagFor(`two@${domain}`)]).toEqual(['partner', 'partner']);
  });

  test('of an address with a tag is not of the address without it', async () => {
    expect(await tagFor(sender)).toBe('silver');
    await push({ email: sender.replace('@', '+tag@'), record: { tier: 'gold' } });
    expect([await tagFor(sender.replace('@', '+tag@')), await tagFor(sender)]).toEqual(['gold', 'silver']);
  });

  test('of a free-mail domain is nobody’s, and harmless beside an address', async () => {
    const address = `person${count}@gmail.com`;
    expect((await push({ email: address, domain: 'gmail.com', record: { tier: 'gold' } })).status).toBe(200);
    state.tier = null;
    expect([await tagFor(address), await tagFor(`other${count}@gmail.com`)]).toEqual(['gold', undefined]);
  });

  test('that comes again changes nothing more, and the last of several counts', async () => {
    const body = {
      changes: [
        { email: sender, record: { tier: 'a' } },
        { email: sender, record: { tier: 'b' } },
      ],
    };
    for (const answer of await Promise.all([push(body), push(body), push(body)]))
      expect(JSON.parse(answer.text)).toEqual({ status: 'success', dropped: 0, replaced: 2 });
    expect(await tagFor(sender)).toBe('b');
  });

  test('beside one with a fault is not taken', async () => {
    expect(await tagFor(sender)).toBe('silver');
    expect((await push({ changes: [{ email: sender, record: { tier: 'gold' } }, { email: '?' }] })).status).toBe(400);
    expect(await tagFor(sender)).toBe('silver');
  });

  test('may come with a thousand others', async () => {
    const changes = Array.from({ length: 1_000 }, (_, index) => ({
      email: `p${index}@${sender.split('@')[1]}`,
      ...(index % 2 === 0 ? { record: { tier: `t${index}` } } : {}),
    }));
    const { text } = await push({ changes });
    expect(JSON.parse(text)).toEqual({ status: 'success', dropped: 500, replaced: 500 });
    expect(await tagFor(`p998@${sender.split('@')[1]}`)).toBe('t998');
  });

  test('is told of in the log, without an address', () => {
    expect(app.logs).toContain('Provider "crm" told of changes: 500 dropped, 500 replaced');
  });
});

test('while the service drains, a change is sent away to come again', async () => {
  const body = JSON.stringify(sampleDelivery());
  const headers = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' };
  await using other = await RunningApp.start({ rules: RULES, crm: pushedCrm(server, PUSH_SECRET) });
  const { answer, finish } = start(other.webhookUrl, { headers, body, firstBytes: 20 });
  await until('the delivery is in flight', async () => (await other.readiness()).intake.inFlight === 1);
  const closing = other.close();
  const refused = await send(`${other.url}/hooks/crm/crm`, { headers: HEADERS, body: '{}' });
  expect(refused).toMatchObject({
    status: 503,
    headers: { 'content-type': 'application/problem+json; charset=utf-8' },
  });
  finish();
  await Promise.all([answer, closing]);
});
