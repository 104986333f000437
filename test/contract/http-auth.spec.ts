import { createVerify, generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { RateLimitedError } from '../../src/crm/crm.provider.js';
import { parseEmailAddress } from '../../src/shared/email-address.js';
import { httpProvider, soon } from '../support/http-provider.js';
import { OAuthCrm, type TokenAnswer } from '../support/oauth-crm.js';
import { answer, ScriptedServer } from '../support/scripted-server.js';
import { until } from '../support/until.js';

const DANA = parseEmailAddress('dana@northwind.example')!;
const FOUND = { kind: 'found', record: { tier: 'gold' } };
const SECRET = 'client-secret-&=+%';
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

const servers: AsyncDisposable[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server[Symbol.asyncDispose]())));

const basics = {
  byEmail: { path: '/contacts', query: { q: '{{email}}' }, items: 'results' },
  fields: { tier: 'tier' },
};

async function startCrm(...answers: TokenAnswer[]): Promise<OAuthCrm> {
  const crm = await OAuthCrm.start(...answers);
  servers.push(crm);
  return crm;
}

const client = (crm: OAuthCrm, more: object = {}) => ({
  type: 'oauth2-client-credentials',
  tokenUrl: `${crm.url}/token`,
  clientId: 'client-id',
  clientSecret: '${env:SECRET}',
  ...more,
});

const connect = (crm: OAuthCrm, auth: object = client(crm), more: object = {}) =>
  httpProvider({ baseUrl: crm.url, auth, ...basics, ...more }, { env: { SECRET, KEY: privateKey } });

test.each<[string, object, Readonly<Record<string, string>>]>([
  ['none', { type: 'none' }, {}],
  ['bearer', { type: 'bearer', token: '${env:T}' }, { authorization: 'Bearer {{t}} ${env:X} é' }],
  ['bearer', { type: 'bearer', token: '${env:T}', scheme: 'Token' }, { authorization: 'Token {{t}} ${env:X} é' }],
  [
    'basic',
    { type: 'basic', username: 'ü:x', password: '${env:T}' },
    { authorization: basic('ü:x', '{{t}} ${env:X} é') },
  ],
  ['header', { type: 'header', name: 'X-Key', value: 'k ${env:T}' }, { 'x-key': 'k {{t}} ${env:X} é' }],
])('%s: the API gets the secret as it is, whatever is in it', async (_, auth, wanted) => {
  const server = await ScriptedServer.start(answer(200, { results: [{ tier: 'gold' }] }));
  servers.push(server);
  const provider = await httpProvider({ baseUrl: server.url, auth, ...basics }, { env: { T: '{{t}} ${env:X} é' } });
  expect(await provider.findByEmail(DANA, soon())).toEqual(FOUND);
  const { authorization, 'x-key': key } = server.seen[0]!.headers;
  const seen = Object.entries({ authorization, 'x-key': key }).filter(([, value]) => value !== undefined);
  expect(Object.fromEntries(seen)).toEqual(wanted);
});

function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

test.each<[string, object, Readonly<Record<string, string>>, string | undefined]>([
  [
    'client credentials in the body',
    { scope: 'read all', audience: 'crm' },
    {
      grant_type: 'client_credentials',
      client_id: 'client-id',
      client_secret: SECRET,
      scope: 'read all',
      audience: 'crm',
    },
    undefined,
  ],
  [
    'client credentials in a header',
    { clientAuthentication: 'basic' },
    { grant_type: 'client_credentials' },
    basic('client-id', encodeURIComponent(SECRET).replaceAll('%20', '+')),
  ],
  [
    'a refresh token',
    { type: 'oauth2-refresh-token', refreshToken: 'refresh' },
    { grant_type: 'refresh_token', client_id: 'client-id', client_secret: SECRET, refresh_token: 'refresh' },
    undefined,
  ],
])('a token is got with %s', async (_, more, form, authorization) => {
  const crm = await startCrm();
  const provider = await connect(crm, client(crm, more));
  expect(await provider.findByEmail(DANA, soon())).toEqual(FOUND);
  expect(await provider.findByEmail(DANA, soon())).toEqual(FOUND);
  expect(crm.tokenRequests.map((request) => request.form)).toEqual([form]);
  expect(crm.tokenRequests[0]!.headers.authorization).toBe(authorization);
  expect(crm.tokenRequests[0]!.headers).toMatchObject({ accept: 'application/json', 'user-agent': 'enricher' });
  expect(crm.apiRequests).toEqual(['Bearer token-1', 'Bearer token-1']);
});

test('a token is got with a signed assertion', async () => {
  const crm = await startCrm();
  crm.scheme = 'Zoho-oauthtoken';
  const auth = {
    type: 'oauth2-jwt-bearer',
    tokenUrl: `${crm.url}/token`,
    clientId: 'client-id',
    subject: 'user@crm.example',
    audience: 'https://crm.example',
    privateKey: '${env:KEY}',
    keyId: 'k1',
    scheme: 'Zoho-oauthtoken',
  };
  expect(await (await connect(crm, auth)).findByEmail(DANA, soon())).toEqual(FOUND);
  const { grant_type, assertion = '' } = crm.tokenRequests[0]!.form;
  expect(grant_type).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
  const [header = '', claims = '', signature = ''] = assertion.split('.');
  const parse = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
  expect(parse(header)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'k1' });
  const { iat, exp, jti, ...named } = parse(claims) as Record<string, unknown>;
  expect(named).toEqual({ iss: 'client-id', sub: 'user@crm.example', aud: 'https://crm.example' });
  expect([Number(exp) - Number(iat) <= 180, Number(exp) * 1000 > Date.now(), typeof jti]).toEqual([
    true,
    true,
    'string',
  ]);
  const verify = createVerify('RSA-SHA256').update(`${header}.${claims}`);
  expect(verify.verify(publicKey, signature, 'base64url')).toBe(true);
});

describe('a token', () => {
  test('that has expired is got anew once, however many look-ups need it', async () => {
    const crm = await startCrm({ body: { expires_in: 0 } }, { body: { expires_in: 3600 } });
    crm.accepts = 'all';
    const provider = await connect(crm);
    await provider.findByEmail(DANA, soon());
    expect(crm.tokenRequests).toHaveLength(1);
    const answers = await Promise.all(Array.from({ length: 50 }, () => provider.findByEmail(DANA, soon())));
    expect(answers).toEqual(answers.map(() => FOUND));
    expect(crm.tokenRequests).toHaveLength(2);
  });

  test('that is refused is got anew once, however many look-ups had it', async () => {
    const crm = await startCrm();
    const provider = await connect(crm);
    await provider.findByEmail(DANA, soon());
    crm.tokenRequests.length = 0;
    crm.scheme = 'Bearer';
    // "token-1" again would be the one that was refused.
    crm.tokenRequests.push({ headers: {}, form: {} }, { headers: {}, form: {} });
    const answers = await Promise.all(Array.from({ length: 50 }, () => provider.findByEmail(DANA, soon())));
    expect(answers).toEqual(answers.map(() => FOUND));
    expect(crm.tokenRequests).toHaveLength(3);
  });

  test('that is refused twice is misconfigured', async () => {
    const crm = await startCrm();
    crm.accepts = 'none';
    const failure = await (await connect(crm)).findByEmail(DANA, soon()).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'CRM_MISCONFIGURED',
      message: expect.stringContaining('401 (INVALID_TOKEN)'),
    });
    expect(crm.apiRequests).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  test('of a fixed secret is not asked for again', async () => {
    const crm = await startCrm();
    crm.accepts = 'none';
    const provider = await connect(crm, { type: 'bearer', token: 'x' });
    await expect(provider.findByEmail(DANA, soon())).rejects.toMatchObject({ code: 'CRM_MISCONFIGURED' });
    expect(crm.apiRequests).toHaveLength(1);
  });

  test('is still waited for by others when one gives up', async () => {
    const crm = await startCrm({ isSilent: true });
    const provider = await connect(crm);
    const cut = new AbortController();
    const first = expect(provider.findByEmail(DANA, cut.signal)).rejects.toThrow('enough');
    const all = new AbortController();
    const second = expect(provider.findByEmail(DANA, all.signal)).rejects.toThrow('all');
    await until('the endpoint is asked', () => crm.tokenRequests.length === 1);
    cut.abort(new Error('enough'));
    await first;
    all.abort(new Error('all'));
    await second;
    expect(crm.tokenRequests).toHaveLength(1);
  });

  test('that never comes is not waited for by ever new look-ups', async () => {
    const crm = await startCrm({ isSilent: true }, {});
    const provider = await connect(crm);
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    try {
      const first = provider.findByEmail(DANA, new AbortController().signal);
      const fails = expect(first).rejects.toThrow('the token endpoint gave no answer within 10 s');
      await until('the endpoint is asked', () => crm.tokenRequests.length === 1);
      await jest.advanceTimersByTimeAsync(10_000);
      await fails;
    } finally {
      jest.useRealTimers();
    }
    expect(await provider.findByEmail(DANA, soon())).toEqual(FOUND);
  });
});

test.each<[string, TokenAnswer, string, RegExp]>([
  ['400', { status: 400, body: { error: 'invalid_grant' } }, 'CRM_MISCONFIGURED', /answered 400 \(invalid_grant\)/],
  ['401', { status: 401, body: { error: 'invalid_client' } }, 'CRM_MISCONFIGURED', /answered 401 \(invalid_client\)/],
  ['404', { status: 404 }, 'CRM_MISCONFIGURED', /answered 404/],
  [
    '200 and an error',
    { body: { access_token: null, error: 'invalid_code' } },
    'CRM_MISCONFIGURED',
    /without an access token \(invalid_code\)/,
  ],
  ['200 and no token', { body: { access_token: 'a b' } }, 'CRM_MISCONFIGURED', /without an access token;/],
  ['503', { status: 503 }, 'CRM_UNAVAILABLE', /answered 503/],
  [
    '429',
    { status: 429, headers: { 'retry-after': '3' } },
    'CRM_RATE_LIMITED',
    /answered 429: it asks us to wait for 3 s/,
  ],
  ['302', { status: 302, headers: { location: '/other' } }, 'CRM_MISCONFIGURED', /a redirect/],
])('a token endpoint that answers %s', async (_, tokenAnswer, code, message) => {
  const crm = await startCrm(tokenAnswer);
  const failure = await (await connect(crm)).findByEmail(DANA, soon()).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
  expect((failure as Error).message).toContain('the token endpoint at 127.0.0.1:');
  expect((failure as Error).message).not.toMatch(/client-secret|client-id|dana/);
  if (code === 'CRM_RATE_LIMITED') expect((failure as RateLimitedError).retryAfterMs).toBe(3000);
  expect(crm.apiRequests).toEqual([]);
});

describe('a token that names the host of the API', () => {
  const auth = (crm: OAuthCrm) => client(crm, { baseUrlFrom: 'api.domain' });

  test('is believed for the host of the connector, whose path stays', async () => {
    const server = await startCrm();
    const crm = await startCrm({ body: { api: { domain: `${server.url}/` } } });
    server.accepts = 'all';
    const provider = await connect(crm, auth(crm), { baseUrl: `${server.url}/v1` });
    expect(await provider.findByEmail(DANA, soon())).toEqual(FOUND);
    expect(server.apiRequests).toEqual(['Bearer token-1']);
  });

  test.each([
    'https://evil.example',
    'https://crm.example.evil.example',
    'https://evilcrm.example',
    'https://api.crm.example:8443',
    'https://user@api.crm.example',
    'http://api.crm.example',
    'file:///etc/passwd',
    'no address',
  ])('is refused for %s', async (domain) => {
    const crm = await startCrm({ body: { api: { domain } } });
    const provider = await connect(crm, auth(crm), { baseUrl: 'https://api.crm.invalid', hosts: ['*.crm.example'] });
    await expect(provider.findByEmail(DANA, soon())).rejects.toMatchObject({
      code: 'CRM_MISCONFIGURED',
      message: expect.stringMatching(/which "hosts" of the connector does not allow$/),
    });
  });

  test('is taken for a host that the connector allows', async () => {
    const crm = await startCrm({ body: { api: { domain: 'https://eu.crm.invalid' } } });
    const provider = await connect(crm, auth(crm), { baseUrl: 'https://api.crm.example', hosts: ['*.crm.invalid'] });
    // There is no such host; that it is asked shows that it is allowed.
    await expect(provider.findByEmail(DANA, soon())).rejects.toMatchObject({
      code: 'CRM_UNAVAILABLE',
      message: expect.stringContaining('eu.crm.invalid'),
    });
  });
});
