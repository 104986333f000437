import { expect, test } from '@jest/globals';
import { HUBSPOT_TOKEN } from './hubspot.js';
import { PIPEDRIVE_TOKEN } from './pipedrive.js';
import { type Preset, PRESETS, VENDORS } from './presets.js';
import { COQL, holds, parseFilter, parseSelect, SOQL } from './query-language.js';
import { contractData } from './vendor-data.js';
import { VendorServer } from './vendor-server.js';
import { ZENDESK_TOKEN } from './zendesk.js';

const PERSONS = '/api/v2/persons/search?term=a%40b.example&fields=email&exact_match=true&limit=2';
const SEARCH_USERS = '/api/v2/users/search.json?query=email%3A%22a%40b.example%22';
const CONTACT = '/crm/objects/2026-03/contacts/a%40b.example';

interface Asked {
  readonly preset: (typeof VENDORS)[number];
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const asks: readonly Asked[] = [
  { preset: 'pipedrive', url: PERSONS, headers: { 'x-api-token': PIPEDRIVE_TOKEN } },
  { preset: 'zendesk', url: SEARCH_USERS, headers: { authorization: `Bearer ${ZENDESK_TOKEN}` } },
  {
    preset: 'hubspot',
    url: `${CONTACT}?idProperty=email&properties=email`,
    headers: { authorization: `Bearer ${HUBSPOT_TOKEN}` },
  },
];

async function refusalsOf({ preset, url, headers, body }: Asked): Promise<readonly string[]> {
  const { vendor }: Preset = PRESETS[preset];
  await using server = await VendorServer.start(vendor(contractData()));
  const init = body === undefined ? {} : { method: 'POST', body };
  const response = await fetch(`${server.url}${url}`, { ...init, headers: { accept: 'application/json', ...headers } });
  await response.text();
  return server.refusals;
}

test.each(asks)('the fake of $preset takes what its reference has', async (asked) => {
  expect(await refusalsOf(asked)).toEqual([]);
});

test.each(
  asks.flatMap((asked) => [
    ['a further query key', { ...asked, url: `${asked.url}&x=1` }] as const,
    ['a key twice', { ...asked, url: `${asked.url}&${asked.url.split('?')[1]!.split('&').at(-1)}` }] as const,
    ['a plus for a space', { ...asked, url: asked.url.replace('a%40b', 'a+b') }] as const,
    ['a further header', { ...asked, headers: { ...asked.headers, 'x-more': '1' } }] as const,
    ['another type of answer', { ...asked, headers: { ...asked.headers, accept: '*/*' } }] as const,
    ['a body', { ...asked, body: '{}' }] as const,
    ['another path', { ...asked, url: asked.url.replace('/api/v2/', '/api/v3/').replace('2026-03', 'v3') }] as const,
  ]),
)('a fake refuses %s, and tells the test', async (_what, asked) => {
  // Some of a vendor's paths are refused by its own 404, without telling.
  const refusals = await refusalsOf(asked);
  expect(refusals.length + (asked.preset === 'zendesk' ? 1 : 0)).toBeGreaterThan(0);
});

test.each([
  ["SELECT Id FROM Contact WHERE Email = 'a' OR Email = 'b' AND Name = 'c'", SOQL],
  ["SELECT Id FROM Contact WHERE Email = 'it's'", SOQL],
  [String.raw`SELECT Id FROM Contact WHERE Email = 'a\x'`, SOQL],
  ["SELECT Id FROM Contact WHERE Email = 'a' --", SOQL],
  ['SELECT Id, FROM Contact', SOQL],
  ["SELECT Id FROM Contact WHERE Email = 'a\nb'", SOQL],
  ["select id from Accounts where Website like '%a%' or Website = 'b' or Website = 'c' limit 2", COQL],
  ["select id from Accounts where Website = 'a' limit 2; delete", COQL],
])('refuses the query %j', (query, dialect) => {
  expect(() => parseSelect(query, dialect)).toThrow();
});

test.each(["a eq 'it's'", 'a eq b', "a eq 'x' or", "contains(a,'x'", "a eq 'x') or (b eq 'y'", "a = 'x'"])(
  'refuses the filter %s',
  (filter) => {
    expect(() => parseFilter(filter)).toThrow();
  },
);

test.each([
  [String.raw`Email = 'o\'hara\\'`, String.raw`O'Hara` + '\\', true],
  ["Email LIKE '%hara%'", "o'hara", true],
  ["Email LIKE 'o_h'", 'o%h', true],
  [String.raw`Email LIKE 'o\_h'`, 'o%h', false],
  [String.raw`Email LIKE 'o\%%'`, 'o%h', true],
  ["Email LIKE 'a.b'", 'axb', false],
])('%s holds for %s: %s', (condition, email, is) => {
  const { where } = parseSelect(`SELECT Id FROM Contact WHERE ${condition}`, SOQL);
  expect(holds(where!, () => email)).toBe(is);
});
