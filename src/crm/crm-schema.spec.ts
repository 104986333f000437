import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { tempFolder } from '../../test/support/temp-folder.js';
import { PROVIDER_TYPES, readCrmConfig } from './crm-config.js';
import { providerSchemas } from './crm-schema.js';

const validate = new Ajv({ allErrors: true }).compile(await readJson('../../config/schema/crm.schema.json'));

const FILE = { name: 'customers', type: 'file', path: './customers.csv' };
const CHANGED = 'SELECT * FROM c WHERE changed_at >= :since ORDER BY id LIMIT :limit OFFSET :offset';
const HTTP = { name: 'crm', type: 'http', baseUrl: 'https://crm.example', byEmail: { path: '/{{email}}' } };
const SQL = { name: 'customers', type: 'sql', url: 'file:./customers.db', byEmail: 'SELECT :email' };

/** Whether the service takes the configuration; the schema must say the same. */
async function isAccepted(config: object): Promise<boolean> {
  const folder = tempFolder({ 'crm.json': JSON.stringify(config) });
  return (await readCrmConfig(join(folder, 'crm.json'), { CUSTOMERS: 'file:customers.csv' })).ok;
}

test('every provider type is in it, with its keys where it does not read them itself', () => {
  const keys = Object.entries(providerSchemas()).map(([type, { properties }]) => [type, Object.keys(properties)]);
  expect(Object.fromEntries(keys)).toEqual(
    Object.fromEntries(
      Object.entries(PROVIDER_TYPES).map(([type, { keys: known }]) => [
        type,
        known === null ? expect.any(Array) : [...known],
      ]),
    ),
  );
});

test('the sample configuration validates', async () => {
  validate(await readJson('../../config/crm.json'));
  expect(validate.errors).toBeNull();
});

test.each([
  ['no provider at all', { providers: [] }],
  ['notes for people', { description: 'ours', providers: [{ ...FILE, description: 'from the old system' }] }],
  [
    'columns with names of their own',
    { providers: [{ ...FILE, match: { email: 'mail' }, fields: { tier: 'class' } }] },
  ],
  ['a customer file in capitals', { providers: [{ ...FILE, path: 'CUSTOMERS.JSON' }] }],
  ['a path from the environment', { providers: [{ ...FILE, path: '${env:CUSTOMERS}' }] }],
  ['a database', { providers: [SQL, { ...SQL, name: 'second', byDomain: 'SELECT :domain' }] }],
  ['a database address from the environment', { providers: [{ ...SQL, url: '${env:CUSTOMERS}' }] }],
  ['a provider without a name', { providers: [{ type: 'file', path: './customers.csv' }] }],
  [
    'fields with types',
    { providers: [{ ...FILE, fields: { tier: 'class', sum: { from: 'total', type: 'number' } } }] },
  ],
  ['a field in full without a type', { providers: [{ ...FILE, fields: { tier: { from: 'class' } } }] }],
  ['a CRM with a REST API', { providers: [HTTP, { ...HTTP, name: 'b', allowHttp: true, auth: { type: 'none' } }] }],
  ['a preset', { providers: [{ type: 'hubspot', token: '${env:CUSTOMERS}', fields: { tier: 'company.tier' } }] }],
  ['a parameter of a preset', { providers: [{ type: 'hubspot', token: 'x', version: '2026-09' }] }],
  [
    'a push and a pre-fetch',
    { providers: [{ ...SQL, changed: CHANGED, pushSecret: 'x'.repeat(16), prefetchMinutes: 60 }] },
  ],
  ['limits of one provider', { providers: [{ ...SQL, timeoutMs: 500, maxConcurrent: 1, breakerOpenMs: 100 }] }],
  [
    'everything of the look-up',
    {
      providers: [FILE],
      lookup: {
        strategy: 'merge',
        onUnavailable: 'retry',
        timeoutMs: 60_000,
        maxConcurrent: 20,
        breakerOpenMs: 5_000,
        cache: { foundSeconds: 0, notFoundSeconds: 0, staleSeconds: 0, maxEntries: 10, maxMegabytes: 1 },
        lastKnownDays: 0,
      },
    },
  ],
])('schema and service accept %s', async (_, config) => {
  validate(config);
  expect(validate.errors).toBeNull();
  expect(await isAccepted(config)).toBe(true);
});

test.each([
  ['a configuration without providers', {}],
  ['providers that are no list', { providers: FILE }],
  ['an unknown key', { providers: [], provider: FILE }],
  ['a provider without a type', { providers: [{ name: 'customers', path: './customers.csv' }] }],
  ['a provider type that there is not', { providers: [{ name: 'customers', type: 'excel', path: './customers.csv' }] }],
  ['a file provider without a path', { providers: [{ name: 'customers', type: 'file' }] }],
  ['a file that is neither CSV nor JSON', { providers: [{ ...FILE, path: './customers.xlsx' }] }],
  ['a key of another provider type', { providers: [{ ...FILE, byEmail: 'SELECT 1' }] }],
  ['a CRM without an address', { providers: [{ ...HTTP, baseUrl: undefined }] }],
  ['a CRM with parameters and no connector file', { providers: [{ ...HTTP, token: 'x' }] }],
  ['a preset without what it needs', { providers: [{ type: 'hubspot' }] }],
  ['a preset with what it does not know', { providers: [{ type: 'hubspot', token: 'x', tokens: 'y' }] }],
  ['a parameter that does not match', { providers: [{ type: 'hubspot', token: 'x', version: 'v3' }] }],
  ['a column to match by that there is not', { providers: [{ ...FILE, match: { phone: 'phone' } }] }],
  ['a field that is no column name', { providers: [{ ...FILE, fields: { tier: 1 } }] }],
  ['a field with an empty column name', { providers: [{ ...FILE, fields: { tier: '' } }] }],
  ['a database without a query', { providers: [{ name: 'customers', type: 'sql', url: 'file:./customers.db' }] }],
  ['a database that is not SQLite', { providers: [{ ...SQL, url: 'oracle://customers' }] }],
  ['a field type that there is not', { providers: [{ ...FILE, fields: { at: { from: 'at', type: 'date' } } }] }],
  ['a field without its column', { providers: [{ ...FILE, fields: { at: { type: 'text' } } }] }],
  ['a short push secret', { providers: [{ ...SQL, pushSecret: 'short' }] }],
  ['a pre-fetch without rest', { providers: [{ ...SQL, changed: CHANGED, prefetchMinutes: 0 }] }],
  ['a push for a file', { providers: [{ ...FILE, pushSecret: 'x'.repeat(16) }] }],
  ['a pre-fetch of a file', { providers: [{ ...FILE, prefetchMinutes: 60 }] }],
  ['a timeout of a file', { providers: [{ ...FILE, timeoutMs: 500 }] }],
  ['most calls to a file', { providers: [{ ...FILE, maxConcurrent: 1 }] }],
  ['a rest for a file', { providers: [{ ...FILE, breakerOpenMs: 100 }] }],
  ['an unknown limit of the cache', { providers: [], lookup: { cache: { seconds: 1 } } }],
  ['a year and more of last known values', { providers: [], lookup: { lastKnownDays: 366 } }],
  ['an unknown strategy', { providers: [], lookup: { strategy: 'last' } }],
  ['a timeout of nothing', { providers: [], lookup: { timeoutMs: 0 } }],
  ['a timeout in text', { providers: [], lookup: { timeoutMs: '3s' } }],
  ['an unknown answer to an unavailable CRM', { providers: [], lookup: { onUnavailable: 'ignore' } }],
])('schema and service refuse %s', async (_, config) => {
  expect(validate(config)).toBe(false);
  expect(await isAccepted(config)).toBe(false);
});

async function readJson(path: string): Promise<object> {
  return JSON.parse(await readFile(new URL(path, import.meta.url), 'utf8')) as object;
}
