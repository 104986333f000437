import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { tempFolder } from '../../test/support/temp-folder.js';
import { formatFault } from '../files/fault.js';
import { readCrmConfig, requireCrmConfig } from './crm-config.js';

const BY_EMAIL = 'SELECT tier FROM c WHERE email = :email';

/** `line:column  message` of each fault in a configuration with these queries, one key a line. */
async function faultsOf(queries: Readonly<Record<string, string>>): Promise<string[]> {
  const provider = { name: 'crm', type: 'sql', url: 'file:./c.db', byEmail: BY_EMAIL, ...queries };
  const folder = tempFolder({ 'crm.json': JSON.stringify({ providers: [provider] }, null, 1) });
  const read = await readCrmConfig(join(folder, 'crm.json'), {});
  return read.ok ? [] : read.faults.map(({ line, column, message }) => `${line}:${column}  ${message}`);
}

test.each([
  ['the address', BY_EMAIL],
  ['its two parts', 'SELECT 1 FROM c WHERE a = :local AND b = :domain'],
  ['a semicolon and a note at the end', `${BY_EMAIL}; -- the newest\n/* really? */ `],
  ['colons and question marks in texts', `SELECT ':x?', "a:b?", [c:d?], \`e:f?\`, 'it''s :y' FROM c WHERE e = :email`],
  ['colons and question marks in comments', `SELECT 1 /* :x ? ; */ FROM c -- :y ? ; 'z\nWHERE e = :email`],
  ['a dollar sign in a name', 'SELECT a$b FROM c WHERE e = :email'],
])('a query may have %s', async (_, byEmail) => {
  expect(await faultsOf({ byEmail })).toEqual([]);
});

test.each([
  [
    'SELECT 1 FROM c WHERE e = :emial',
    '7:42  unknown parameter ":emial" in "byEmail", did you mean ":email"? (there are :email, :local, :domain)',
  ],
  [
    "SELECT 'it''s', \"x\" FROM c WHERE e = @email",
    '7:55  unknown parameter "@email" in "byEmail", did you mean ":email"? (there are :email, :local, :domain)',
  ],
  [
    'SELECT 1 FROM c WHERE e = $address',
    '7:42  unknown parameter "$address" in "byEmail" (there are :email, :local, :domain)',
  ],
  ['SELECT 1 FROM c WHERE e = ?', '7:42  values are bound by name (:email, :local, :domain), not by position'],
  ['SELECT 1 FROM c WHERE e = ?1', '7:42  values are bound by name (:email, :local, :domain), not by position'],
  [`${BY_EMAIL}; SELECT 2`, '7:57  "byEmail" must be one statement; here another begins'],
  ['-- SELECT :email', '7:15  "byEmail" has no statement'],
  [' ;', '7:15  "byEmail" has no statement'],
  [
    'SELECT 1 FROM c',
    '7:15  "byEmail" uses neither :email nor both :local and :domain, so it would find the same for everybody',
  ],
  [
    'SELECT 1 FROM c WHERE d = :domain',
    '7:15  "byEmail" uses neither :email nor both :local and :domain, so it would find the same for everybody',
  ],
])('byEmail %j is refused at its place', async (byEmail, fault) => {
  expect(await faultsOf({ byEmail })).toEqual([fault]);
});

test.each([
  ['SELECT 1 FROM c', '8:16  "byDomain" does not use :domain, so it would find the same for everybody'],
  ['SELECT 1 FROM c WHERE e = :email', '8:43  unknown parameter ":email" in "byDomain" (there is :domain)'],
])('byDomain %j is refused at its place', async (byDomain, fault) => {
  expect(await faultsOf({ byDomain })).toEqual([fault]);
});

describe('fetching ahead and pushing', () => {
  const SQL = { type: 'sql', url: 'file:./c.db', byEmail: BY_EMAIL };
  const CHANGED = 'SELECT email, tier FROM c WHERE changed_at >= :since ORDER BY id LIMIT :limit OFFSET :offset';
  const REST = {
    type: 'http',
    baseUrl: 'https://crm.example',
    auth: { type: 'none' },
    byEmail: { path: '/{{email}}' },
  };
  const FILE = { type: 'file', path: './c.csv' };
  const LISTED = { path: '/all', emails: ['email'], contact: '' };
  const FILE_HINT = 'has no effect on a "file" provider: all of the file is in memory, and read again when it changes';
  const NOT_LISTED = 'has no effect: the connector lists no customers with all of these fields';

  test.each<[string, object, string[], object?]>([
    ['a query that lists', { ...SQL, changed: CHANGED, prefetchMinutes: 5 }, []],
    [
      'no query that lists',
      { ...SQL, prefetchMinutes: 5 },
      ['"prefetchMinutes" needs the query "changed", which lists customers'],
    ],
    [
      'nothing to keep',
      { ...SQL, changed: CHANGED, prefetchMinutes: 5 },
      ['"prefetchMinutes" has no effect while "lastKnownDays" is 0: nothing would be kept'],
      { lastKnownDays: 0 },
    ],
    ['a connector that lists', { ...REST, changedSince: LISTED, prefetchMinutes: 5 }, []],
    ['a connector that does not list', { ...REST, prefetchMinutes: 5 }, [`"prefetchMinutes" ${NOT_LISTED}`]],
    [
      'a file',
      {
        ...FILE,
        prefetchMinutes: 5,
        pushSecret: 'sixteen characters',
        timeoutMs: 9,
        maxConcurrent: 1,
        breakerOpenMs: 100,
      },
      ['pushSecret', 'prefetchMinutes', 'timeoutMs', 'maxConcurrent', 'breakerOpenMs'].map(
        (key) => `"${key}" ${FILE_HINT}`,
      ),
    ],
    ['a secret that is short', { ...SQL, pushSecret: 'short' }, ['"pushSecret" needs 16 characters or more']],
    ['a secret', { ...SQL, pushSecret: 'sixteen characters' }, []],
  ])('with %s', async (_, provider, faults, lookup = {}) => {
    const folder = tempFolder({ 'crm.json': JSON.stringify({ providers: [provider], lookup }) });
    const read = await readCrmConfig(join(folder, 'crm.json'), {});
    const told = read.ok ? [] : read.faults.map(({ message }) => message);
    expect(told.toSorted()).toEqual(faults.toSorted());
  });
});

describe('a fault does not repeat what may be a secret', () => {
  const SQL = { type: 'sql', url: 'postgres://reader:hidden@db.example/crm', byEmail: BY_EMAIL };
  const REST = { type: 'http', connector: './c.json' };
  const inline = (auth: unknown) => ({ type: 'http', baseUrl: 'https://crm.example', auth, byEmail: { path: '/' } });

  test.each<[string, unknown, string]>([
    ['in the same line', { ...SQL, urll: '' }, 'unknown key "urll"'],
    ['beside a number', { ...SQL, timeoutMs: 0 }, '"timeoutMs" must be a whole number'],
    [
      'in another type of database',
      { ...SQL, url: 'oracle://reader:hidden@db.example' },
      '"url" must begin with file:',
    ],
    ['as a number', { ...SQL, url: 4711 }, '"url" must be text, not a number'],
    ['as the secret of pushes', { ...SQL, pushSecret: 4711 }, '"pushSecret" must be text, not a number'],
    ['as a token', { ...REST, token: 4711 }, '"token" must be text, not a number'],
    ['instead of an authorisation', inline('Bearer hidden'), '"auth" must be an object, not text'],
    ['instead of a provider', SQL.url, 'a provider must be an object, not text'],
  ])('%s', async (_, provider, message) => {
    const connector = { ...inline({ type: 'bearer', token: '{{token}}' }), type: undefined, parameters: { token: {} } };
    const folder = tempFolder({
      'crm.json': JSON.stringify({ providers: [provider] }),
      'c.json': JSON.stringify(connector),
    });
    const file = join(folder, 'crm.json');
    const read = await readCrmConfig(file, {});
    const faults = read.ok ? [] : read.faults;
    expect(faults.map((fault) => fault.message).join('\n')).toContain(message);
    const told = await requireCrmConfig(file, {}).catch((error: unknown) => String(error));
    for (const text of [JSON.stringify(faults), faults.map(formatFault).join('\n'), String(told)])
      expect(text.replaceAll(folder, '')).not.toMatch(/hidden|4711/);
  });

  test('not when the file is cut off either', async () => {
    const file = join(
      tempFolder({ 'crm.json': '{ "providers": [{ "type": "sql", "url": "mysql://reader:hidden@db' }),
      'crm.json',
    );
    const told = await requireCrmConfig(file, {}).catch((error: unknown) => String(error));
    expect(told).toMatch(/crm\.json:1:41 {2}not valid JSON/);
    expect(told).not.toContain('hidden');
  });
});
