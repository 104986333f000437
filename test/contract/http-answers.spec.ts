import { afterEach, describe, expect, test } from '@jest/globals';
import { RateLimitedError } from '../../src/crm/crm.provider.js';
import { parseEmailAddress } from '../../src/shared/email-address.js';
import { httpProvider, soon } from '../support/http-provider.js';
import { answer, hang, reset, ScriptedServer, type Step } from '../support/scripted-server.js';
import { until } from '../support/until.js';

const DANA = parseEmailAddress('dana@northwind.example')!;
const TOKEN = 'secret-token-of-dana';

const servers: ScriptedServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server[Symbol.asyncDispose]())));

async function serve(...script: Step[]): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(...script);
  servers.push(server);
  return server;
}

const connector = (baseUrl: string) => ({
  baseUrl,
  auth: { type: 'bearer', token: TOKEN },
  byEmail: { path: '/contacts/{{email}}', items: 'results' },
  fields: { tier: 'tier' },
});

const ask = async (baseUrl: string, more: object = {}) =>
  (await httpProvider({ ...connector(baseUrl), ...more })).findByEmail(DANA, soon());

const GOLD = { results: [{ tier: 'gold' }] };
const FOUND = { kind: 'found', record: { tier: 'gold' } };
const NOT_FOUND = { kind: 'not_found' };
const html = { 'content-type': 'text/html' };
const half: Step = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' }).write('{"results":');
};

test.each<[string, Step, object]>([
  ['200 with a record', answer(200, GOLD), FOUND],
  ['one object instead of a list', answer(200, { results: { tier: 'gold' } }), FOUND],
  ['vendor JSON', answer(200, GOLD, { 'content-type': 'application/vnd.crm+json; charset=utf-8' }), FOUND],
  ['an empty list', answer(200, { results: [] }), NOT_FOUND],
  ['null', answer(200, { results: null }), NOT_FOUND],
  ['an empty object', answer(200, {}), NOT_FOUND],
  ['two records', answer(200, { results: [{}, { tier: 'a' }, { tier: 'b' }] }), { kind: 'ambiguous', count: 2 }],
  ['204', answer(204), NOT_FOUND],
  ['200 without content', answer(200, '', html), NOT_FOUND],
  ['404', answer(404, { code: 'OBJECT_NOT_FOUND' }), NOT_FOUND],
  ['404 without content', answer(404, '', html), NOT_FOUND],
])('%s is an answer', async (_, step, match) => {
  const server = await serve(step);
  expect(await ask(server.url)).toEqual(match);
  expect(server.seen.map(({ path }) => path)).toEqual(['/contacts/dana%40northwind.example']);
});

test.each<[string, Step, code: string, message: RegExp]>([
  ['408', answer(408), 'CRM_UNAVAILABLE', /answered 408$/],
  ['425', answer(425), 'CRM_UNAVAILABLE', /answered 425$/],
  ['500', answer(500, { code: 'INTERNAL' }), 'CRM_UNAVAILABLE', /answered 500 \(INTERNAL\)$/],
  ['502 with a page', answer(502, '<h1>Bad Gateway</h1>', html), 'CRM_UNAVAILABLE', /answered 502$/],
  ['503', answer(503), 'CRM_UNAVAILABLE', /answered 503$/],
  ['a reset', reset, 'CRM_UNAVAILABLE', /gave no whole answer \(\w+\)$/],
  [
    'half a body and a reset',
    (response) => {
      half(response);
      setImmediate(() => reset(response));
    },
    'CRM_UNAVAILABLE',
    /gave no whole answer/,
  ],
  ['400', answer(400, { category: 'VALIDATION_ERROR' }), 'CRM_MISCONFIGURED', /400 \(VALIDATION_ERROR\): the request/],
  ['401', answer(401, { error: { code: 'BAD' } }), 'CRM_MISCONFIGURED', /401 \(BAD\): the secret is not accepted/],
  ['402', answer(402), 'CRM_MISCONFIGURED', /402: check the connector/],
  ['403', answer(403, [{ errorCode: 'NO_ACCESS' }]), 'CRM_MISCONFIGURED', /403 \(NO_ACCESS\): the account/],
  ['404 with a page', answer(404, '<h1>no</h1>', html), 'CRM_MISCONFIGURED', /404: there is nothing at this address/],
  ['405', answer(405), 'CRM_MISCONFIGURED', /405: the API does not know this method/],
  ['410', answer(410), 'CRM_MISCONFIGURED', /410: this version of the API is gone/],
  ['415', answer(415), 'CRM_MISCONFIGURED', /415/],
  ['422', answer(422), 'CRM_MISCONFIGURED', /422/],
  ['a page', answer(200, '<h1>Login</h1>', html), 'CRM_MISCONFIGURED', /200 with text\/html instead of JSON/],
  ['broken JSON', answer(200, '{"results":'), 'CRM_MISCONFIGURED', /200 with broken JSON/],
  ['another shape', answer(200, { records: [] }), 'CRM_MISCONFIGURED', /the answer has no "results", which "items"/],
  ['records that are texts', answer(200, { results: ['a'] }), 'CRM_MISCONFIGURED', /"items" \(results\) is neither/],
])('%s is a failure', async (_, step, code, message) => {
  const server = await serve(step);
  const failure = await ask(server.url).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
  expect((failure as Error).message).not.toMatch(/secret-token|dana|northwind/);
  expect(server.seen).toHaveLength(1);
});

test.each<[string, string]>([
  ['no such host', 'https://crm.invalid'],
  ['a port where nobody listens', 'http://127.0.0.1:9'],
])('%s is unavailable', async (_, baseUrl) => {
  await expect(ask(baseUrl)).rejects.toMatchObject({ code: 'CRM_UNAVAILABLE' });
});

test('a server without TLS behind a https address is unavailable, and gets nothing', async () => {
  const server = await serve(answer(200, GOLD));
  await expect(ask(server.url.replace('http:', 'https:'))).rejects.toMatchObject({ code: 'CRM_UNAVAILABLE' });
  expect(server.seen).toEqual([]);
});

test.each([301, 302, 303, 307, 308])('a redirect by %i is refused, and the other host gets nothing', async (status) => {
  const other = await serve(answer(200, GOLD));
  const server = await serve(answer(status, '', { location: `${other.url}/contacts/x` }));
  await expect(ask(server.url)).rejects.toMatchObject({
    code: 'CRM_MISCONFIGURED',
    message: expect.stringContaining(`answered ${status}, a redirect (never followed`),
  });
  expect(other.seen).toEqual([]);
});

test('an answer of 50 MB is cut at its first', async () => {
  let written = 0;
  let isClosed = false;
  const endless: Step = (response) => {
    response.on('close', () => (isClosed = true));
    response.writeHead(200, { 'content-type': 'application/json' });
    const piece = Buffer.alloc(64 * 1024, ' ');
    const more = () => {
      while (written < 50 * 1024 * 1024 && !isClosed) {
        written += piece.length;
        if (!response.write(piece)) {
          response.once('drain', more);
          return;
        }
      }
      response.end();
    };
    more();
  };
  const server = await serve(endless);
  await expect(ask(server.url)).rejects.toMatchObject({
    code: 'CRM_MISCONFIGURED',
    message: expect.stringContaining('with more than 1 MB'),
  });
  await until('the server sees the connection end', () => isClosed);
  expect(written).toBeLessThan(25 * 1024 * 1024);
});

test.each<[string, Step]>([
  ['that never answers', hang],
  ['that stops in the middle of its answer', half],
])('a signal ends the call and the connection to a server %s', async (_, step) => {
  let isClosed = false;
  let isAsked = false;
  const server = await serve((response) => {
    isAsked = true;
    response.on('close', () => (isClosed = true));
    step(response);
  });
  const cut = new AbortController();
  const provider = await httpProvider(connector(server.url));
  const asked = provider.findByEmail(DANA, cut.signal);
  const failure = expect(asked).rejects.toThrow('enough');
  await until('the server is asked', () => isAsked);
  cut.abort(new Error('enough'));
  await failure;
  await until('the server sees the connection end', () => isClosed);
});

test('closing ends what is under way', async () => {
  const server = await serve(hang);
  const provider = await httpProvider(connector(server.url));
  const failure = expect(provider.findByEmail(DANA, soon())).rejects.toMatchObject({ code: 'CRM_UNAVAILABLE' });
  await until('the server is asked', () => server.seen.length === 1);
  await provider.close();
  await failure;
});

describe('a CRM that asks us to wait', () => {
  const limit = async (step: Step, more: object = {}) => {
    const server = await serve(step);
    const failure = await ask(server.url, more).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RateLimitedError);
    return (failure as RateLimitedError).retryAfterMs;
  };
  const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

  test.each<[string, Step, object, number | null]>([
    ['without saying how long', answer(429), {}, null],
    ['for a second', answer(429, '', { 'retry-after': '1' }), {}, 1000],
    ['for an hour', answer(429, '', { 'retry-after': '3600' }), {}, 3_600_000],
    ['in words of no meaning', answer(429, '', { 'retry-after': 'later' }), {}, null],
    ['until long ago', answer(429, '', { 'retry-after': 'Thu, 01 Jan 2026 00:00:00 GMT' }), {}, 0],
    [
      'as its connector knows',
      answer(403, { code: 'DAILY' }),
      { rateLimitedWhen: [{ status: 403, body: 'code', is: 'DAILY', waitSeconds: 3600 }] },
      3_600_000,
    ],
    [
      'in a header of its own',
      answer(429, '', { 'x-reset': '7' }),
      { rateLimitedWhen: [{ status: 429, waitHeader: 'X-Reset', waitSeconds: 60 }] },
      7000,
    ],
  ])('%s', async (_, step, more, waitMs) => {
    expect(await limit(step, more)).toBe(waitMs);
  });

  test.each([
    ['a date', () => new Date(inSeconds(100) * 1000).toUTCString()],
    ['a time since 1970', () => String(inSeconds(100))],
  ])('until %s', async (_, text) => {
    const waitMs = await limit(answer(429, '', { 'retry-after': text() }));
    expect(waitMs).toBeGreaterThan(80_000);
    expect(waitMs).toBeLessThanOrEqual(100_000);
  });
});

describe('the connector says what answers mean', () => {
  test.each<[string, Step, object, object | string]>([
    ['nobody', answer(400, { code: 'NO_MATCH' }), { notFoundWhen: [{ body: 'code', is: ['NO_MATCH'] }] }, NOT_FOUND],
    ['nobody', answer(200, { total: 0 }), { notFoundWhen: [{ missing: 'results' }] }, NOT_FOUND],
    ['nobody', answer(500), { notFoundWhen: [{ status: [500, 501], empty: true }] }, NOT_FOUND],
    ['a passing fault', answer(400, { c: 1 }), { retryOn: [{ status: 400, body: 'c', is: 1 }] }, 'CRM_UNAVAILABLE'],
    ['a passing fault', answer(429), { retryOn: [{ status: 429 }] }, 'CRM_UNAVAILABLE'],
    ['misconfigured', answer(404), { misconfiguredOn: [{ status: 404 }] }, 'CRM_MISCONFIGURED'],
    ['something for others', answer(400, { code: 'X' }), { retryOn: [{ status: 500 }] }, 'CRM_MISCONFIGURED'],
  ])('%s', async (_, step, more, meaning) => {
    const asked = ask((await serve(step)).url, more);
    await (typeof meaning === 'string'
      ? expect(asked).rejects.toMatchObject({ code: meaning })
      : expect(asked).resolves.toEqual(meaning));
  });

  test('and of one request first', async () => {
    const byEmail = { ...connector('').byEmail, notFoundWhen: [{ status: 400 }] };
    const { url } = await serve(answer(400));
    expect(await ask(url, { byEmail, misconfiguredOn: [{ status: 400 }] })).toEqual(NOT_FOUND);
  });
});

test('a key in a query is not repeated either', async () => {
  const byEmail = { path: '/x', query: { e: '{{email}}', key: '${env:KEY}' } };
  const { url } = await serve(answer(403, { code: 'key-of-the-query' }));
  const provider = await httpProvider({ baseUrl: url, byEmail }, { env: { KEY: 'key-of-the-query' } });
  await expect(provider.findByEmail(DANA, soon())).rejects.toThrow(/answered 403: /);
});

test('a word of the API that is part of a secret or of the address is not repeated', async () => {
  for (const code of [TOKEN, 'secret-token', 'dana', 'northwind.example', `x-${TOKEN}`, 'a b', 'ü', 'x'.repeat(61)]) {
    const failure = await ask((await serve(answer(403, { code }))).url).catch((error: unknown) => error);
    expect((failure as Error).message).toMatch(/answered 403: /);
  }
});

test('a check finds a wrong path', async () => {
  const check = { path: '/me' };
  const provider = async (step: Step) => httpProvider({ ...connector((await serve(step)).url), check });
  await expect((await provider(answer(404))).check(soon())).rejects.toMatchObject({ code: 'CRM_MISCONFIGURED' });
  await expect((await provider(answer(200, { id: 1 }))).check(soon())).resolves.toBeUndefined();
  const without = await httpProvider(connector((await serve(answer(404))).url));
  await expect(without.check(soon())).resolves.toBeUndefined();
});
