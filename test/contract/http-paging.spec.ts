import { afterEach, describe, expect, test } from '@jest/globals';
import type { CrmProvider, CustomerPage } from '../../src/crm/crm.provider.js';
import { httpProvider, soon } from '../support/http-provider.js';
import { answer, ScriptedServer, type Step } from '../support/scripted-server.js';

const servers: ScriptedServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server[Symbol.asyncDispose]())));

async function serve(...script: Step[]): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(...script);
  servers.push(server);
  return server;
}

const since = new Date('2026-11-24T08:30:00.789Z');
const byEmail = { path: '/x/{{email}}' };

const list = (baseUrl: string, changedSince: object, more: object = {}) =>
  httpProvider({ baseUrl, byEmail, changedSince, fields: { tier: 'tier' }, ...more });

async function pages(
  provider: CrmProvider,
  at: Date | null = since,
  from: string | null = null,
): Promise<CustomerPage[]> {
  const found: CustomerPage[] = [];
  for await (const page of provider.changedSince!(at, from, soon())) found.push(page);
  return found;
}

const person = (name: string) => ({ mail: `${name}@crm.example`, tier: name });
const customer = (name: string) => ({ emails: [`${name}@crm.example`], domains: [], record: { tier: name } });
const paths = (server: ScriptedServer) => server.seen.map(({ path }) => decodeURIComponent(path));

describe('pages are asked for', () => {
  const request = { path: '/people', items: 'data', emails: 'mail' };

  test.each<[string, object, (url: string) => object[], string[]]>([
    [
      'by a cursor',
      { ...request, query: { s: '{{since}}', c: '{{cursor}}' }, next: { cursor: 'page.after' } },
      () => [
        { data: [person('a')], page: { after: 'x y' } },
        { data: [person('b')], page: { after: null } },
      ],
      ['/people?s=2026-11-24T08:30:00Z', '/people?s=2026-11-24T08:30:00Z&c=x y'],
    ],
    [
      'by a cursor, for as long as there is more',
      { ...request, query: { c: '{{cursor}}' }, next: { cursor: 'after', more: 'has_more' } },
      () => [
        { data: [person('a')], after: 7, has_more: true },
        { data: [person('b')], after: 8, has_more: false },
      ],
      ['/people', '/people?c=7'],
    ],
    [
      'by the address of the next',
      { ...request, query: { ms: '{{sinceMs}}' }, next: { url: '@odata.nextLink' } },
      (url) => [{ data: [person('a')], '@odata.nextLink': `${url}/people?skip=1'2` }, { data: [person('b')] }],
      ['/people?ms=1795509000789', "/people?skip=1'2"],
    ],
    [
      'by a path to the next, until the end is said',
      { ...request, query: { t: '{{sinceSeconds}}' }, next: { url: 'next', until: 'end' } },
      () => [
        { data: [person('a')], next: '/people/2', end: false },
        { data: [person('b')], next: '/people/3', end: true },
      ],
      ['/people?t=1795509000', '/people/2'],
    ],
    [
      'by their number',
      { ...request, query: { page: '{{page}}' }, next: { page: 1, more: 'info.more' } },
      () => [
        { data: [person('a')], info: { more: true } },
        { data: [person('b')], info: { more: false } },
      ],
      ['/people?page=1', '/people?page=2'],
    ],
    [
      'behind the last record',
      { ...request, query: { behind: '{{cursor}}' }, next: { last: 'tier', first: '0' } },
      () => [{ data: [person('a')] }, { data: [person('b')] }, { data: [] }],
      ['/people?behind=0', '/people?behind=a', '/people?behind=b'],
    ],
  ])('%s', async (_, changedSince, contents, asked) => {
    const script: Step[] = [];
    const server = await serve((response) => script[server.seen.length - 1]!(response));
    script.push(...contents(server.url).map((content) => answer(200, content)));
    const found = await pages(await list(server.url, changedSince));
    expect(found.flatMap(({ customers }) => customers)).toEqual([customer('a'), customer('b')]);
    expect(found.at(-1)?.next).toBeNull();
    expect(paths(server)).toEqual(asked);
  });
});

const people = { path: '/people', query: { c: '{{cursor}}' }, items: 'data', emails: 'mail', next: { cursor: 'next' } };
const firms = { path: '/firms', items: 'data', domains: ['site', 'more.host'], company: '', next: { url: 'next' } };
const FIRM = { site: 'https://WWW.Acme.example/en', more: [{ host: 'acme.de.example' }, { host: null }], tier: 'gold' };

test('one request comes after the other, and each page says how to go on', async () => {
  const answers: Readonly<Record<string, object>> = {
    '/people': { data: [person('a')], next: '2' },
    '/people?c=2': { data: [{ mail: 'x' }, { mail: 'B@crm.example; b2@crm.example', tier: 'b' }] },
    '/firms': { data: [FIRM] },
  };
  const server = await serve((response) => answer(200, answers[server.seen.at(-1)!.path])(response));
  const provider = await list(server.url, [people, firms], {
    fields: { tier: 'company.tier', own: 'tier' },
    byEmail: { ...byEmail, company: 'firm' },
  });
  // Contacts without their company would not be what a look-up gives.
  expect((await pages(provider)).flatMap(({ customers }) => customers)).toEqual([
    { emails: [], domains: ['acme.example', 'acme.de.example'], record: { tier: 'gold' } },
  ]);
  const own = await list(server.url, [people, firms], { fields: { tier: 'tier' } });
  server.seen.length = 0;
  const found = await pages(own, null);
  expect(found.map(({ customers }) => customers)).toEqual([
    [customer('a')],
    [{ emails: ['b@crm.example', 'b2@crm.example'], domains: [], record: { tier: 'b' } }],
    [{ emails: [], domains: ['acme.example', 'acme.de.example'], record: {} }],
  ]);
  for (const [index, { next }] of found.entries()) {
    if (next === null) continue;
    expect(await pages(own, null, next)).toEqual(found.slice(index + 1));
  }
  for (const nonsense of ['', '[]', '[9,null]', '[0.5,null]', '{}', 'x', '[-1,"a"]'])
    expect(await pages(own, null, nonsense)).toEqual(found);
});

test('everybody is everybody since 1970', async () => {
  const server = await serve(answer(200, { data: [] }));
  await pages(await list(server.url, { ...people, query: { since: '{{since}}', c: '{{cursor}}' } }), null);
  expect(paths(server)).toEqual(['/people?since=1970-01-01T00:00:00Z']);
});

test.each([
  ['soql', 'x >= {{since}}', 'x >= 2026-11-24T08:30:00Z'],
  ['odata', 'x ge {{since}}', 'x ge 2026-11-24T08:30:00Z'],
  ['coql', 'x >= {{since}}', "x >= '2026-11-24T08:30:00Z'"],
  ['coql', "x >= '{{since}}'", "x >= '2026-11-24T08:30:00Z'"],
  ['search', 'updated>{{since}}', 'updated>2026-11-24T08:30:00Z'],
])('a time in %s stands as the language wants it', async (language, text, written) => {
  const server = await serve(answer(200, { data: [] }));
  await pages(
    await list(server.url, { path: '/q', query: { q: { [language]: text } }, items: 'data', emails: 'mail' }),
  );
  expect(paths(server)).toEqual([`/q?q=${written}`]);
});

test.each(['http://127.0.0.2/people', 'https://evil.example/', '//evil.example/', 'http://[', 'ftp://crm.example'])(
  'a next page at %s is refused, and nobody is asked for it',
  async (next) => {
    const server = await serve(answer(200, { data: [FIRM], next }));
    const provider = await list(server.url, firms, { auth: { type: 'bearer', token: 'secret' } });
    const seen: CustomerPage[] = [];
    const all = (async () => {
      for await (const page of provider.changedSince!(since, null, soon())) seen.push(page);
    })();
    await expect(all).rejects.toMatchObject({ code: 'CRM_MISCONFIGURED', message: expect.stringContaining('"hosts"') });
    expect([seen.length, server.seen.length]).toEqual([1, 1]);
  },
);

test('the same page again and again ends with a failure', async () => {
  const server = await serve(answer(200, { data: [], next: 'same' }));
  await expect(pages(await list(server.url, people))).rejects.toMatchObject({
    code: 'CRM_MISCONFIGURED',
    message: expect.stringContaining('the same page again and again'),
  });
  expect(server.seen).toHaveLength(2);
});

test('pages that come round in a circle end with a failure', async () => {
  const nexts = ['a', 'b', 'c', 'a', null];
  const server = await serve(...nexts.map((next) => answer(200, { data: [], next })));
  await expect(pages(await list(server.url, people))).rejects.toMatchObject({
    code: 'CRM_MISCONFIGURED',
    message: expect.stringContaining('the same page again and again'),
  });
  expect(server.seen).toHaveLength(4);
});

test.each([
  ['204', answer(204)],
  ['304', answer(304)],
])('%s is an empty page', async (_, step) => {
  const { url } = await serve(step);
  expect(await pages(await list(url, people))).toEqual([{ customers: [], next: null }]);
});

test('404 is no empty page, but a wrong path', async () => {
  const { url } = await serve(answer(404));
  await expect(pages(await list(url, people))).rejects.toMatchObject({ code: 'CRM_MISCONFIGURED' });
});

test('a provider whose records would lack the company lists nobody', async () => {
  const provider = await list('http://127.0.0.1:9', people, {
    fields: { tier: 'company.tier' },
    byEmail: { ...byEmail, company: 'firm' },
  });
  expect(provider.changedSince).toBeUndefined();
});
