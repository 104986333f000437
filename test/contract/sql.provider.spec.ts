import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { FieldMap } from '../../src/crm/field-map.js';
import type { SqlStatements, StatementName } from '../../src/crm/providers/sql/sql-client.js';
import { SqlProvider } from '../../src/crm/providers/sql/sql.provider.js';
import { SqliteClient } from '../../src/crm/providers/sql/sqlite-client.js';
import { parseEmailAddress } from '../../src/shared/email-address.js';
import { pagesOf } from '../support/sql-provider.js';
import { tempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';
import { CONTRACT_CUSTOMERS, CONTRACT_FIELDS, describeCrmProvider } from './crm-provider.contract.js';

const BY_EMAIL = 'SELECT full_name, claim_no FROM customers WHERE lower(email) = :email';
const BY_DOMAIN = 'SELECT full_name, claim_no FROM customers WHERE domain = :domain';
const ENDLESS =
  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS full_name, NULL AS claim_no FROM n WHERE i < 0 AND :email != ''";

const providers: SqlProvider[] = [];
afterEach(() => Promise.all(providers.splice(0).map((provider) => provider.close())));

function makeDatabase(): string {
  const path = join(tempFolder(), 'customers.db');
  const database = new DatabaseSync(path);
  database.exec(
    'CREATE TABLE customers (email TEXT, domain TEXT, full_name TEXT, claim_no TEXT, number INTEGER, photo BLOB)',
  );
  const insert = database.prepare(
    "INSERT INTO customers (email, domain, full_name, claim_no) VALUES (?, ?, ?, nullif(?, ''))",
  );
  for (const { email, domain, full_name, claim_no } of CONTRACT_CUSTOMERS) {
    insert.run(email, domain.replace('bücher', 'xn--bcher-kva'), full_name, claim_no);
  }
  database.exec("UPDATE customers SET number = 9007199254740993, photo = x'00ff' WHERE claim_no = 'CLM-1'");
  database.close();
  return path;
}

interface Setup extends SqlStatements {
  readonly path?: string;
  readonly fields?: FieldMap;
}

function provide({ path = makeDatabase(), fields = CONTRACT_FIELDS, ...written }: Setup = {}): SqlProvider {
  const statements = { byEmail: BY_EMAIL, byDomain: BY_DOMAIN, ...written };
  const provider = new SqlProvider({
    name: 'db',
    fields,
    statements: new Set(Object.keys(statements) as StatementName[]),
    match: {},
    client: new SqliteClient({ path, statements }),
  });
  providers.push(provider);
  return provider;
}

describeCrmProvider('SQLite', () => provide());

describe('a SQL provider on SQLite', () => {
  const dana = parseEmailAddress('dana.reyes@northwind.example')!;
  const signal = () => AbortSignal.timeout(20_000);

  test('binds :email, :domain and :local, of which a query may use any', async () => {
    const byEmail = "SELECT NULL AS claim_no, :email || '|' || :domain || '|' || :local AS full_name";
    expect(await provide({ byEmail }).findByEmail(dana, signal())).toMatchObject({
      record: { name: 'dana.reyes@northwind.example|northwind.example|dana.reyes' },
    });
  });

  test('cannot tell by domain without a query for it', () => {
    const client = new SqliteClient({ path: makeDatabase(), statements: { byEmail: BY_EMAIL } });
    const statements = new Set(['byEmail'] as const);
    const provider = new SqlProvider({ name: 'db', fields: null, statements, match: {}, client });
    providers.push(provider);
    expect(provider.findByDomain).toBeUndefined();
    expect(provider.changedSince).toBeUndefined();
  });

  test('keeps every digit of large numbers and leaves blobs out', async () => {
    const provider = provide({
      byEmail: 'SELECT number, photo, 7 AS small, 1.5 AS real FROM customers WHERE lower(email) = :email',
      fields: null,
    });
    expect(await provider.findByEmail(dana, signal())).toEqual({
      kind: 'found',
      record: { number: '9007199254740993', small: 7, real: 1.5 },
    });
  });

  test.each([
    ['a table that is not there', { byEmail: 'SELECT 1 FROM nowhere' }, /no such table: nowhere/],
    ['bad SQL', { byEmail: 'SELEC 1' }, /syntax error/],
    ['a database that is not there', { path: '/nowhere/customers.db' }, /unable to open database file/],
    [
      'a column that "fields" names and the query does not give',
      { byEmail: 'SELECT full_name, email FROM customers WHERE email = :email' },
      /^byEmail: the result has no column "claim_no", which "fields" names/,
    ],
    [
      'a query that would write',
      { byEmail: 'DELETE FROM customers RETURNING full_name, claim_no' },
      /readonly database/,
    ],
  ])('is misconfigured with %s, and says so', async (_what, more, reason) => {
    const provider = provide(more);
    const refusal = { code: 'CRM_MISCONFIGURED', message: expect.stringMatching(reason) };
    await expect(provider.findByEmail(dana, signal())).rejects.toMatchObject(refusal);
    await expect(provider.check(signal())).rejects.toMatchObject(refusal);
  });

  test('is misconfigured with a file that is no database', async () => {
    const path = join(tempFolder(), 'customers.db');
    writeFileSync(path, 'not a database, but long enough to be taken for one by its size. '.repeat(20));
    await expect(provide({ path }).check(signal())).rejects.toMatchObject({
      code: 'CRM_MISCONFIGURED',
      message: expect.stringContaining('not a database'),
    });
  });

  test('is misconfigured when byDomain lacks a mapped column', async () => {
    const provider = provide({ byDomain: 'SELECT full_name FROM customers WHERE domain = :domain' });
    await expect(provider.check(signal())).rejects.toThrow('byDomain: the result has no column "claim_no"');
  });

  test('cuts an endless query off at its signal, without holding up the event loop, and answers those behind it', async () => {
    const provider = provide({ byEmail: ENDLESS });
    const domain = 'northwind.example';
    await provider.findByDomain!(domain, signal());
    const cut = new AbortController();
    const answer = provider.findByEmail(dana, cut.signal);
    const behind = Array.from({ length: 10 }, () => provider.findByDomain!(domain, signal()));
    const impatient = new AbortController();
    const gaveUp = provider.findByDomain!(domain, impatient.signal);
    impatient.abort(new Error('gave up'));
    await expect(gaveUp).rejects.toThrow('gave up');
    // What the event loop does meanwhile: the look-ups of another database, each a round trip.
    const other = provide();
    for (let round = 0; round < 50; round++)
      expect(await other.findByDomain!(domain, signal())).toMatchObject({ kind: 'found' });
    cut.abort(new Error('too late'));
    await expect(answer).rejects.toThrow('too late');
    const found = { kind: 'found', record: { name: 'Dana Reyes', claimNumber: 'CLM-1' } };
    expect(await Promise.all(behind)).toEqual(behind.map(() => found));
    expect(await provider.findByDomain!(domain, signal())).toEqual(found);
  });

  test('starts once, however impatient those are who ask meanwhile', async () => {
    const provider = provide();
    const impatient = async () => {
      const cut = new AbortController();
      setTimeout(() => cut.abort(new Error('too late')), 20);
      return provider.findByEmail(dana, cut.signal).catch(() => null);
    };
    await until('one of them is answered', async () => (await impatient()) !== null);
  });

  test('answers nothing after it was closed', async () => {
    const provider = provide();
    const open = provider.findByEmail(dana, signal());
    await provider.close();
    const closed = { code: 'CRM_UNAVAILABLE', message: expect.stringContaining('the database was closed') };
    await expect(open).rejects.toMatchObject(closed);
    await expect(provider.findByEmail(dana, signal())).rejects.toMatchObject(closed);
  });

  test('asks nothing when its signal has aborted already', async () => {
    await expect(provide().findByEmail(dana, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
  });

  test('lists what changed, page by page, and checks the query for it', async () => {
    const path = makeDatabase();
    const database = new DatabaseSync(path);
    database.exec(`
      CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, full_name TEXT, claim_no TEXT, changed_at TEXT);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 620)
      INSERT INTO accounts SELECT i, 'P' || i || '@Northwind.example', 'Person ' || i, NULL, datetime('2026-01-01', i || ' minutes') FROM n;
    `);
    database.close();
    const changed =
      'SELECT email, full_name, claim_no FROM accounts WHERE changed_at >= datetime(:since) ORDER BY id LIMIT :limit OFFSET :offset';
    const provider = provide({ path, changed });
    await expect(provider.check(signal())).resolves.toBeUndefined();
    const pages = await pagesOf(provider.changedSince!(null, null, signal()));
    expect(pages.map(({ customers, next }) => [customers.length, next])).toEqual([
      [500, '500'],
      [120, null],
    ]);
    const [recent] = await pagesOf(provider.changedSince!(new Date('2026-01-01T10:20:00Z'), null, signal()));
    expect(recent!.customers).toEqual([
      { emails: ['p620@northwind.example'], domains: [], record: { name: 'Person 620' } },
    ]);
    await expect(provide({ path, changed: changed.replace('claim_no', 'full_name') }).check(signal())).rejects.toThrow(
      'changed: the result has no column "claim_no", which "fields" names',
    );
  });
});
