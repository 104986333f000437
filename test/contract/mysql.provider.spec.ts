import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import mysql from 'mysql2/promise';
import type { FieldMap } from '../../src/crm/field-map.js';
import { parseEmailAddress } from '../../src/shared/email-address.js';
import { type FakeAnswer, FakeMysql } from '../support/fake-mysql.js';
import { pagesOf, type SqlSetup, sqlProvider } from '../support/sql-provider.js';
import { until } from '../support/until.js';
import { CONTRACT_CUSTOMERS, CONTRACT_FIELDS, describeCrmProvider } from './crm-provider.contract.js';

const BY_EMAIL = 'SELECT full_name, claim_no FROM customers WHERE lower(email) = :email';
const BY_DOMAIN = 'SELECT full_name, claim_no FROM customers WHERE domain = :domain';
const FOUND = { columns: { full_name: 'text', claim_no: 'text' }, rows: [['Dana Reyes', 'CLM-1']] } as const;

const dana = parseEmailAddress('dana.reyes@northwind.example')!;
const found = { kind: 'found', record: { name: 'Dana Reyes', claimNumber: 'CLM-1' } };
const signal = () => AbortSignal.timeout(20_000);

/** Everything that needs a server that knows SQL: `mysql://…` of an empty database in which this user may make tables. */
const realUrl = process.env['TEST_MYSQL_URL'];
if (realUrl === undefined)
  process.stderr.write(
    'MySQL: no TEST_MYSQL_URL, so the contract suite is skipped; a fake server stands in for the rest\n',
  );
const describeReal = realUrl === undefined ? describe.skip : describe;

describeReal('with a real server (TEST_MYSQL_URL)', () => {
  const url = realUrl ?? '';
  const provide = (more: Partial<SqlSetup> = {}, fields: FieldMap = CONTRACT_FIELDS) =>
    sqlProvider({ url, byEmail: BY_EMAIL, byDomain: BY_DOMAIN, ...more }, fields);
  const run = async (sql: string, values: unknown[] = []) => {
    const connection = await mysql.createConnection(url.replace(/^mariadb:/, 'mysql:'));
    try {
      const [rows] = await connection.query(sql, values);
      return rows as unknown as Record<string, unknown>[];
    } finally {
      await connection.end();
    }
  };

  beforeAll(async () => {
    await run('DROP TABLE IF EXISTS customers');
    await run(
      'CREATE TABLE customers (email varchar(254), domain varchar(254), full_name text, claim_no text) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
    );
    for (const { email, domain, full_name, claim_no } of CONTRACT_CUSTOMERS) {
      const values = [email, domain.replace('bücher', 'xn--bcher-kva'), full_name, claim_no];
      await run("INSERT INTO customers VALUES (?, ?, ?, nullif(?, ''))", values);
    }
  });

  describeCrmProvider('MySQL', () => provide());

  test.each([
    [`'it''s :email ?'`, `it's :email ?`],
    [`'it\\'s :email'`, `it's :email`],
    [`"say ""x"" :email"`, `say "x" :email`],
    [`(SELECT \`:email\` FROM (SELECT 'x' AS \`:email\`) AS q)`, 'x'],
    [`'7' /* :email ' */ -- ' :email\n # ' :email\n`, '7'],
    [`5--2`, 7],
    [`cast(1.50 AS decimal(10,2))`, 1.5],
    [`cast(9007199254740993 AS signed)`, '9007199254740993'],
    [`timestamp '2026-03-01 12:30:00'`, '2026-03-01T12:30:00Z'],
    [`@@session.sql_select_limit`, 1000],
  ])('reads %s as the server does', async (expression, value) => {
    const match = await provide({ byEmail: `SELECT ${expression} AS value, :email AS email` }, null).findByEmail(
      dana,
      signal(),
    );
    expect(match).toEqual({ kind: 'found', record: { value, email: dana.address } });
  });

  test('refuses a query that would write', async () => {
    const byEmail = 'DELETE FROM customers WHERE email = :email';
    await expect(provide({ byEmail }).findByEmail(dana, signal())).rejects.toMatchObject({ code: 'CRM_MISCONFIGURED' });
    expect(await provide().findByEmail(dana, signal())).toEqual(found);
  });

  test('kills an aborted query', async () => {
    const cut = new AbortController();
    const byEmail = "SELECT sleep(600) AS full_name, 'marked' AS claim_no FROM customers WHERE :email <> ''";
    const answer = provide({ byEmail }).findByEmail(dana, cut.signal);
    const running = async () => {
      const rows = await run(
        "SELECT 1 FROM information_schema.processlist WHERE info LIKE '%''marked''%sleep%' OR info LIKE '%sleep(600)%''marked''%' AND id <> connection_id()",
      );
      return rows.length;
    };
    await until('the query runs', async () => (await running()) > 0);
    cut.abort(new Error('too late'));
    await expect(answer).rejects.toThrow('too late');
    await until('the query has ended', async () => (await running()) === 0);
  });

  test('lists what changed', async () => {
    const changed =
      'SELECT email, full_name, claim_no FROM customers WHERE :since < now() ORDER BY claim_no LIMIT :limit OFFSET :offset';
    const pages = await pagesOf(provide({ changed }).changedSince!(null, null, signal()));
    expect(pages.map(({ customers, next }) => [customers.length, next])).toEqual([[5, null]]);
  });
});

describe('a SQL provider on MySQL (a fake server, which knows no SQL)', () => {
  let fake: FakeMysql;
  beforeEach(async () => {
    fake = await FakeMysql.start();
    fake.answer = () => FOUND;
  });
  afterEach(() => fake.close());

  const provide = (more: Partial<SqlSetup> = {}, fields: FieldMap = CONTRACT_FIELDS, maxConcurrent = 10) =>
    sqlProvider({ url: fake.url, byEmail: BY_EMAIL, byDomain: BY_DOMAIN, ...more }, fields, maxConcurrent);

  test('prepares a connection once, read-only, and binds the values of a prepared statement', async () => {
    const provider = provide(
      { byEmail: 'SELECT 1 FROM c WHERE a = :local AND b = :domain OR c = :email OR d = :local' },
      null,
    );
    for (let times = 0; times < 2; times++) await provider.findByEmail(dana, signal());
    expect(fake.commands.map(({ kind, sql }) => [kind, sql.slice(0, 40)])).toEqual([
      ['query', 'SET SESSION TRANSACTION READ ONLY'],
      ['query', "SET time_zone = '+00:00', sql_select_lim"],
      ['prepare', 'SELECT 1 FROM c WHERE a = ? AND b = ? OR'],
      ['execute', 'SELECT 1 FROM c WHERE a = ? AND b = ? OR'],
      ['execute', 'SELECT 1 FROM c WHERE a = ? AND b = ? OR'],
    ]);
    const values = ['dana.reyes', 'northwind.example', 'dana.reyes@northwind.example', 'dana.reyes'];
    expect(fake.ran('execute').map((command) => command.values)).toEqual([values, values]);
  });

  test('sends the same statement whatever the address is, and binds it byte by byte', async () => {
    const provider = provide();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 80 }), async (local) => {
        const email = { address: `${local}@northwind.example`, local, domain: 'northwind.example' };
        await provider.findByEmail(email, signal());
        const last = fake.ran('execute').at(-1);
        if (local.isWellFormed() && !local.includes('\0')) expect(last?.values).toEqual([email.address]);
      }),
    );
    const statement = 'SELECT full_name, claim_no FROM customers WHERE lower(email) = ?';
    expect(new Set(fake.ran('execute').map(({ sql }) => sql))).toEqual(new Set([statement]));
  });

  test.each(['a\0b', '\ud800', 'x\udfff'])('finds nobody by %j, and asks nobody', async (local) => {
    const email = { address: `${local}@northwind.example`, local, domain: 'northwind.example' };
    expect(await provide().findByEmail(email, signal())).toEqual({ kind: 'not_found' });
    expect(fake.commands).toEqual([]);
  });

  test('gives cells as rules see them', async () => {
    fake.answer = () => ({
      columns: {
        big: 'bigint',
        small: 'bigint',
        sum: 'decimal',
        long: 'decimal',
        real: 'double',
        at: 'timestamp',
        zero: 'datetime',
        on: 'bit',
        document: 'json',
        photo: 'blob',
        text: 'text',
        none: 'text',
      },
      rows: [
        [
          9007199254740993n,
          7n,
          '12.50',
          '0.1234567890123456789',
          1.5,
          '2026-03-01 12:30:00.250000',
          '0000-00-00 00:00:00.0',
          Buffer.from([1]),
          '{"a":[1,null]}',
          Buffer.from([0, 255]),
          'Bücher',
          null,
        ],
      ],
    });
    expect(await provide({}, null).findByEmail(dana, signal())).toEqual({
      kind: 'found',
      record: {
        big: '9007199254740993',
        small: 7,
        sum: 12.5,
        long: '0.1234567890123456789',
        real: 1.5,
        at: '2026-03-01T12:30:00.250000Z',
        on: true,
        document: { a: [1, null] },
        text: 'Bücher',
      },
    });
  });

  test.each<[string, FakeAnswer, string, string]>([
    ['bad SQL', { errno: 1064, message: "near 'x'" }, 'CRM_MISCONFIGURED', "byEmail: near 'x' (1064)"],
    [
      'a missing table',
      { errno: 1146, message: "Table 'c' doesn't exist" },
      'CRM_MISCONFIGURED',
      "byEmail: Table 'c' doesn't exist (1146)",
    ],
    [
      'a missing column',
      { errno: 1054, message: "Unknown column 'x'" },
      'CRM_MISCONFIGURED',
      "byEmail: Unknown column 'x' (1054)",
    ],
    [
      'a write',
      { errno: 1792, message: 'READ ONLY transaction' },
      'CRM_MISCONFIGURED',
      'byEmail: READ ONLY transaction (1792)',
    ],
    [
      'a value in the message',
      { errno: 1525, message: `Incorrect value: '${dana.address}'` },
      'CRM_MISCONFIGURED',
      'byEmail: the database gave error 1525',
    ],
    ['two collations', { errno: 1267, message: 'mix' }, 'CRM_MISCONFIGURED', 'byEmail: the database gave error 1267'],
    [
      'a lock',
      { errno: 1205, message: 'Lock wait timeout' },
      'CRM_UNAVAILABLE',
      'byEmail: the database gave error 1205',
    ],
    ['a deadlock', { errno: 1213, message: 'Deadlock' }, 'CRM_UNAVAILABLE', 'byEmail: the database gave error 1213'],
    [
      'the time-out',
      { errno: 3024, message: 'maximum time' },
      'CRM_UNAVAILABLE',
      'byEmail: the database gave error 3024',
    ],
    [
      "MariaDB's time-out",
      { errno: 1969, message: 'maximum time' },
      'CRM_UNAVAILABLE',
      'byEmail: the database gave error 1969',
    ],
    [
      'a server that goes away',
      'gone',
      'CRM_UNAVAILABLE',
      'byEmail: no connection to the server (PROTOCOL_CONNECTION_LOST)',
    ],
  ])('classes %s, and then works again', async (_what, answer, code, message) => {
    const provider = provide();
    fake.answer = () => answer;
    await expect(provider.findByEmail(dana, signal())).rejects.toMatchObject({ code, message });
    fake.answer = () => FOUND;
    expect(await provider.findByEmail(dana, signal())).toEqual(found);
  });

  test.each([
    [1045, "Access denied for user 'reader'", 'CRM_MISCONFIGURED'],
    [1044, 'Access denied to database', 'CRM_MISCONFIGURED'],
    [1049, 'Unknown database', 'CRM_MISCONFIGURED'],
    [1040, 'Too many connections', 'CRM_UNAVAILABLE'],
  ])('classes the refusal %s of a log-in', async (errno, message, code) => {
    const provider = provide();
    fake.refusal = { errno, message };
    const failure = await provider.findByEmail(dana, signal()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    expect(String(failure)).not.toMatch(/secret-word|dana/);
    fake.refusal = null;
    expect(await provider.findByEmail(dana, signal())).toEqual(found);
  });

  test('is misconfigured with a statement that gives no columns', async () => {
    fake.answer = () => ({ columns: {}, rows: [] });
    await expect(provide({ byEmail: 'DO sleep(:email)' }).findByEmail(dana, signal())).rejects.toMatchObject({
      code: 'CRM_MISCONFIGURED',
      message: expect.stringContaining('the result has no column "full_name"'),
    });
  });

  test('takes the refusal of a character for nobody', async () => {
    fake.answer = () => ({ errno: 1267, message: 'Illegal mix of collations' });
    expect(await provide().findByEmail(parseEmailAddress('\u{1f692}@northwind.example')!, signal())).toEqual({
      kind: 'not_found',
    });
  });

  test('kills an aborted query on its connection, and uses neither again', async () => {
    const provider = provide();
    await provider.findByDomain!('northwind.example', signal());
    fake.answer = () => 'never';
    const cut = new AbortController();
    const answer = provider.findByEmail(dana, cut.signal);
    await until('the query runs', () => fake.ran('execute').length === 2);
    const { threadId } = fake.ran('execute')[1]!;
    cut.abort(new Error('too late'));
    await expect(answer).rejects.toThrow('too late');
    await until('it is killed', () => fake.ran('query').some(({ sql }) => sql === `KILL QUERY ${threadId}`));
    await until('both connections are closed', () => fake.threadIds.length === 0);
    fake.answer = () => FOUND;
    expect(await provider.findByEmail(dana, signal())).toEqual(found);
    expect(fake.threadIds).not.toContain(threadId);
  });

  test('does not wait for ever for the answer to a kill, and closes both connections', async () => {
    const provider = provide();
    fake.answer = () => 'never';
    fake.ignoresKills = true;
    const cut = new AbortController();
    const answer = provider.findByEmail(dana, cut.signal);
    await until('the query runs', () => fake.ran('execute').length === 1);
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    try {
      cut.abort(new Error('too late'));
      await expect(answer).rejects.toThrow('too late');
      await until('the kill is sent', () => fake.ran('query').length === 1);
      await jest.advanceTimersByTimeAsync(10_000);
    } finally {
      jest.useRealTimers();
    }
    await until('both connections are closed', () => fake.threadIds.length === 0);
  });

  test('gives up waiting for a connection at the signal, and answers nothing after it was closed', async () => {
    const provider = provide({}, CONTRACT_FIELDS, 1);
    fake.answer = () => 'never';
    const busy = [0, 1].map(() => provider.findByEmail(dana, signal()));
    const closed = { code: 'CRM_UNAVAILABLE', message: expect.stringContaining('the database was closed') };
    const failures = busy.map((each) => expect(each).rejects.toMatchObject(closed));
    await until('all connections are busy', () => fake.ran('execute').length === 2);
    const impatient = new AbortController();
    const waiting = provider.findByEmail(dana, impatient.signal);
    impatient.abort(new Error('gave up'));
    await expect(waiting).rejects.toThrow('gave up');
    await provider.close();
    await Promise.all(failures);
    await expect(provider.findByEmail(dana, signal())).rejects.toMatchObject(closed);
    await until('all connections are closed', () => fake.threadIds.length === 0);
  });

  test('closes also when the server does not hang up', async () => {
    const provider = provide();
    await provider.findByEmail(dana, signal());
    fake.isDeaf = true;
    await provider.close();
    await until('the connection is closed', () => fake.threadIds.length === 0);
  });

  test('survives that the server ends idle connections', async () => {
    const provider = provide();
    await Promise.all(Array.from({ length: 5 }, () => provider.findByEmail(dana, signal())));
    const old = fake.threadIds;
    for (const threadId of old) fake.drop(threadId);
    await until('they are gone', () => fake.threadIds.length === 0);
    let failures = 0;
    for (let times = 0; times < 5; times++) await provider.findByEmail(dana, signal()).catch(() => failures++);
    expect(failures).toBeLessThanOrEqual(1);
    expect(await provider.findByEmail(dana, signal())).toEqual(found);
  });

  test('is unavailable while nobody listens', async () => {
    const provider = provide({ url: 'mysql://reader:secret-word@127.0.0.1:1/crm' });
    await expect(provider.findByEmail(dana, signal())).rejects.toMatchObject({
      code: 'CRM_UNAVAILABLE',
      message: 'byEmail: no connection to the server (ECONNREFUSED)',
    });
  });

  test('lists what changed page by page, with whole numbers for LIMIT and OFFSET', async () => {
    const changed =
      'SELECT email, full_name, claim_no FROM c WHERE at >= :since ORDER BY id LIMIT :limit OFFSET :offset';
    const all = Array.from({ length: 600 }, (_, at) => [`p${at}@northwind.example`, `Person ${at}`, null]);
    fake.answer = (_sql, values) => ({
      columns: { email: 'text', full_name: 'text', claim_no: 'text' },
      rows: all.slice(Number(values[2]), Number(values[2]) + Number(values[1])),
    });
    const pages = await pagesOf(provide({ changed }).changedSince!(new Date('2026-03-01T12:30:00.5Z'), null, signal()));
    expect(pages.map(({ customers, next }) => [customers.length, next])).toEqual([
      [500, '500'],
      [100, null],
    ]);
    expect(fake.ran('execute').map(({ values }) => values)).toEqual([
      ['2026-03-01 12:30:00.500', 500n, 0n],
      ['2026-03-01 12:30:00.500', 500n, 500n],
    ]);
  });
});
