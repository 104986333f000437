import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CrmMatch } from '../../src/crm/crm.provider.js';
import type { FieldMap } from '../../src/crm/field-map.js';
import { parseEmailAddress } from '../../src/shared/email-address.js';
import { TestPostgres } from '../support/postgres.js';
import { pagesOf, type SqlSetup, sqlProvider } from '../support/sql-provider.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { CONTRACT_CUSTOMERS, CONTRACT_FIELDS, describeCrmProvider } from './crm-provider.contract.js';

const BY_EMAIL = 'SELECT full_name, claim_no FROM customers WHERE lower(email) = :email';
const BY_DOMAIN = 'SELECT full_name, claim_no FROM customers WHERE domain = :domain';
/** Takes a long time, and can be seen in the server's list of what runs. */
const SLOW = "SELECT 'marked' AS full_name, NULL AS claim_no FROM pg_sleep(600) WHERE :email <> ''";

let postgres: TestPostgres;
let proxy: TcpProxy | undefined;

beforeAll(async () => {
  postgres = await TestPostgres.start();
  await postgres.run('CREATE TABLE customers (email text, domain text, full_name text, claim_no text)');
  for (const { email, domain, full_name, claim_no } of CONTRACT_CUSTOMERS) {
    const values = [email, domain.replace('bücher', 'xn--bcher-kva'), full_name, claim_no];
    await postgres.run("INSERT INTO customers VALUES ($1, $2, $3, nullif($4, ''))", values);
  }
  await postgres.run("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0");
  await postgres.run("CREATE ROLE reader LOGIN PASSWORD 'secret-word'; CREATE TABLE hidden (email text)");
});
afterAll(() => postgres.close());
afterEach(async () => {
  await proxy?.close();
  proxy = undefined;
});

function provide(more: Partial<SqlSetup> = {}, fields: FieldMap = CONTRACT_FIELDS, maxConcurrent = 10) {
  return sqlProvider({ url: postgres.url(), byEmail: BY_EMAIL, byDomain: BY_DOMAIN, ...more }, fields, maxConcurrent);
}

async function throughProxy(): Promise<{ url: string; through: TcpProxy }> {
  proxy = await TcpProxy.start(postgres.port);
  return { url: postgres.url().replace(String(postgres.port), String(proxy.port)), through: proxy };
}

const running = async () => {
  const rows = await postgres.run(
    "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%''marked''%' AND pid <> pg_backend_pid()",
  );
  return rows.length;
};

describeCrmProvider('PostgreSQL', () => provide());

describe('a SQL provider on PostgreSQL', () => {
  const dana = parseEmailAddress('dana.reyes@northwind.example')!;
  const found: CrmMatch = { kind: 'found', record: { name: 'Dana Reyes', claimNumber: 'CLM-1' } };
  const signal = () => AbortSignal.timeout(20_000);
  const select = async (columns: string) => {
    const provider = provide({ byEmail: `SELECT ${columns} FROM (SELECT :email::text AS address) AS asked` }, null);
    const match = await provider.findByEmail(dana, signal());
    return match.kind === 'found' ? match.record : match;
  };

  test('binds :email, :domain and :local, of which a query may use any, often', async () => {
    const byEmail = "SELECT :local || '|' || :domain || '|' || :email || '|' || :local AS full_name, NULL AS claim_no";
    expect(await provide({ byEmail }).findByEmail(dana, signal())).toMatchObject({
      record: { name: 'dana.reyes|northwind.example|dana.reyes@northwind.example|dana.reyes' },
    });
  });

  test.each([
    [`'it''s :email ?'`, `it's :email ?`],
    [`'back\\' || 'x:email'`, 'back\\x:email'],
    [`E'it\\'s :email'`, `it's :email`],
    [`E'two' -- ' :email\n 'lines\\' :email'`, `twolines' :email`],
    [`$$ :email ' $x$ $$`, ` :email ' $x$ `],
    [`$fn$ :email $$ ' $fn$`, ` :email $$ ' `],
    [`U&'\\003Aemail'`, ':email'],
    [`'7'::int::text /* :email /* ' */ :email */ -- ' :email\n`, '7'],
    [`array_to_string((ARRAY['a','b','c'])[2:3], ',')`, 'b,c'],
    [`(SELECT ":email" FROM (SELECT 'x' AS ":email") AS q)`, 'x'],
    [`(SELECT a$1 FROM (SELECT 'x' AS a$1) AS q)`, 'x'],
    [`('{"a":1}'::jsonb ? 'a')::text`, 'true'],
    [`(@ -5)::text`, '5'],
  ])('reads %s as the server does', async (expression, value) => {
    expect(await select(`${expression} AS value, :email AS email`)).toEqual({
      value,
      email: dana.address,
    });
  });

  test.each([
    ["'12.50'::numeric(10,2)", 12.5],
    ["'0.1234567890123456789'::numeric", '0.1234567890123456789'],
    ["'NaN'::numeric", 'NaN'],
    ['9007199254740993::bigint', '9007199254740993'],
    ['9007199254740991::bigint', 9007199254740991],
    ['-7::smallint', -7],
    ['1.5::float8', 1.5],
    ["'Infinity'::float8", 'Infinity'],
    ['true', true],
    ["date '2026-03-01'", '2026-03-01'],
    ["timestamp '2026-03-01 12:30:00.25'", '2026-03-01T12:30:00.25Z'],
    ["timestamptz '2026-03-01 12:30:00+02' AT TIME ZONE 'UTC'", '2026-03-01T10:30:00Z'],
    ["'infinity'::timestamptz", 'infinity'],
    ["interval '1 day 2 hours'", 'P1DT2H'],
    [`'{"a": [1, null]}'::jsonb`, { a: [1, null] }],
    ["'null'::json", undefined],
    ["ARRAY['a', NULL, 'b;c']", ['a', null, 'b;c']],
    ['ARRAY[1, 2]', [1, 2]],
    ['ARRAY[9007199254740993, 1]', ['9007199254740993', 1]],
    ['ARRAY[[true], [false]]', [[true], [false]]],
    ["'\\x00ff'::bytea", undefined],
    ["'0192aaaa-0000-7000-8000-000000000000'::uuid", '0192aaaa-0000-7000-8000-000000000000'],
    ['NULL', undefined],
  ])('gives %s as %j', async (expression, value) => {
    expect(await select(`${expression} AS value, address`)).toEqual({
      ...(value === undefined ? {} : { value }),
      address: dana.address,
    });
  });

  test('gives a time with the zone of the session', async () => {
    const url = `${postgres.url()}?options=-c%20timezone%3DAsia/Kolkata`;
    const provider = provide({ url, byEmail: "SELECT timestamptz '2026-03-01 00:00:00Z' AS at, :email AS e" }, null);
    expect(await provider.findByEmail(dana, signal())).toMatchObject({ record: { at: '2026-03-01T05:30:00+05:30' } });
  });

  test('leaves no connection behind that could not log in', async () => {
    const provider = provide({ url: postgres.url('postgres', 'reader') });
    await expect(provider.findByEmail(dana, signal())).rejects.toMatchObject({ code: 'CRM_MISCONFIGURED' });
    const left = "SELECT 1 FROM pg_stat_activity WHERE state IS NULL AND backend_type = 'client backend'";
    await until('the server has let go of it', async () => (await postgres.run(left)).length === 0);
  });

  test('connects under its name, read-only, with a backstop', async () => {
    const settings = ['application_name', 'default_transaction_read_only', 'statement_timeout'];
    const byEmail = `SELECT ${settings.map((name) => `current_setting('${name}') AS ${name}`).join(', ')}, :email AS e`;
    expect(await provide({ byEmail }, null).findByEmail(dana, signal())).toMatchObject({
      record: { application_name: 'enricher', default_transaction_read_only: 'on', statement_timeout: '65s' },
    });
    const url = `${postgres.url()}?application_name=desk`;
    expect(await provide({ byEmail, url }, null).findByEmail(dana, signal())).toMatchObject({
      record: { application_name: 'desk', default_transaction_read_only: 'on' },
    });
  });

  const misconfigured: [string, () => Partial<SqlSetup>, RegExp][] = [
    ['a wrong password', () => ({ url: postgres.url('postgres', 'reader:wrong') }), /password authentication failed/],
    ['no password', () => ({ url: postgres.url('postgres', 'reader') }), /wants a password/],
    ['a database that is not there', () => ({ url: postgres.url('nowhere') }), /database "nowhere" does not exist/],
    ['TLS that the server has not', () => ({ url: `${postgres.url()}?sslmode=require` }), /does not support SSL/],
    ['a table that is not there', () => ({ byEmail: 'SELECT 1 FROM nowhere WHERE e = :email' }), /"nowhere" does not/],
    ['a column that is not there', () => ({ byEmail: 'SELECT nope FROM customers WHERE email = :email' }), /"nope"/],
    ['bad SQL', () => ({ byEmail: 'SELEC :email' }), /syntax error at or near "SELEC"/],
    [
      'a table that it may not read',
      () => ({
        url: postgres.url('postgres', 'reader:secret-word'),
        byEmail: 'SELECT * FROM hidden WHERE email = :email',
      }),
      /permission denied for table hidden/,
    ],
    [
      'a query that would write',
      () => ({ byEmail: 'DELETE FROM customers WHERE email = :email RETURNING full_name, claim_no' }),
      /cannot execute DELETE in a read-only transaction/,
    ],
    [
      'a query that would write on the side',
      () => ({
        byEmail:
          'WITH gone AS (DELETE FROM customers RETURNING *) SELECT full_name, claim_no FROM gone WHERE email <> :email',
      }),
      /cannot execute SELECT in a read-only transaction/,
    ],
    [
      'a column that "fields" names and the query does not give',
      () => ({ byEmail: 'SELECT full_name, claim_no AS claim FROM customers WHERE email = :email' }),
      /no column "claim_no", which "fields" names/,
    ],
    [
      'an address where a number should be',
      () => ({ byEmail: 'SELECT full_name, claim_no FROM customers WHERE length(email) = :email' }),
      /the database gave error 22P02$/,
    ],
  ];

  test.each(misconfigured)(
    'is misconfigured with %s, and says so without secrets or addresses',
    async (_what, more, reason) => {
      const provider = provide(more());
      const refusal = { code: 'CRM_MISCONFIGURED', message: expect.stringMatching(reason) };
      const failure = await provider.findByEmail(dana, signal()).catch((error: unknown) => error);
      expect(failure).toMatchObject(refusal);
      expect(String(failure)).not.toMatch(/dana|secret-word|test-only|wrong|:\/\//);
      await expect(provider.check(signal())).rejects.toMatchObject(refusal);
      // Refused, and none the worse for it.
      expect(await provide().findByEmail(dana, signal())).toEqual(found);
    },
  );

  test.each([
    ['too many connections', '53300'],
    ['a cancelled statement', '57014'],
    ['a deadlock', '40P01'],
    ['a serialization failure', '40001'],
    ['a lost connection', '08006'],
  ])('is unavailable at %s', async (_what, state) => {
    await postgres.run(
      `CREATE OR REPLACE FUNCTION fail(who text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no luck, %', who USING ERRCODE = '${state}'; END $$`,
    );
    const provider = provide({ byEmail: 'SELECT fail(:email) AS full_name, NULL AS claim_no' });
    await expect(provider.findByEmail(dana, signal())).rejects.toMatchObject({
      code: 'CRM_UNAVAILABLE',
      message: `byEmail: the database gave error ${state}`,
    });
  });

  test('is unavailable when the role has no connections left, and cancels and closes all the same', async () => {
    await postgres.run("CREATE ROLE one LOGIN PASSWORD 'p' CONNECTION LIMIT 1; GRANT SELECT ON customers TO one");
    const url = postgres.url('postgres', 'one:p');
    const slow = provide({ url, byEmail: SLOW });
    const cut = new AbortController();
    const answer = slow.findByEmail(dana, cut.signal);
    await until('the query runs', async () => (await running()) === 1);
    await expect(provide({ url }).findByEmail(dana, signal())).rejects.toMatchObject({
      code: 'CRM_UNAVAILABLE',
      message: expect.stringContaining('too many connections for role'),
    });
    cut.abort(new Error('too late'));
    await expect(answer).rejects.toThrow('too late');
    await until('the query has ended', async () => (await running()) === 0);
  });

  test('cancels an aborted query in the database, and answers others meanwhile', async () => {
    const provider = provide({ byEmail: SLOW });
    const cut = new AbortController();
    const answers = Array.from({ length: 3 }, () => provider.findByEmail(dana, cut.signal));
    await until('the queries run', async () => (await running()) === 3);
    expect(await provider.findByDomain!('northwind.example', signal())).toEqual(found);
    cut.abort(new Error('too late'));
    for (const answer of answers) await expect(answer).rejects.toThrow('too late');
    await until('the queries have ended', async () => (await running()) === 0);
    expect(await provider.findByDomain!('northwind.example', signal())).toEqual(found);
  });

  test('gives up waiting for a connection at the signal, and asks nothing when it has aborted already', async () => {
    const provider = provide({ byEmail: SLOW }, CONTRACT_FIELDS, 1);
    const first = new AbortController();
    const busy = [provider.findByEmail(dana, first.signal), provider.findByEmail(dana, first.signal)];
    await until('all connections are busy', async () => (await running()) === 2);
    const impatient = new AbortController();
    const waiting = provider.findByDomain!('northwind.example', impatient.signal);
    impatient.abort(new Error('gave up'));
    await expect(waiting).rejects.toThrow('gave up');
    await expect(provider.findByEmail(dana, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    const patient = provider.findByDomain!('northwind.example', signal());
    first.abort(new Error('cut'));
    for (const each of busy) await expect(each).rejects.toThrow('cut');
    expect(await patient).toEqual(found);
  });

  test('answers nothing after it was closed, and leaves nothing running', async () => {
    const provider = provide({ byEmail: SLOW });
    const open = provider.findByEmail(dana, signal());
    await until('the query runs', async () => (await running()) === 1);
    const closed = { code: 'CRM_UNAVAILABLE', message: expect.stringContaining('the database was closed') };
    const failure = expect(open).rejects.toMatchObject(closed);
    await provider.close();
    await failure;
    await expect(provider.findByEmail(dana, signal())).rejects.toMatchObject(closed);
    await until('the query has ended', async () => (await running()) === 0);
  });

  test('counts no more than ten of many, without fetching them', async () => {
    const { url, through } = await throughProxy();
    const byEmail = "SELECT repeat('x', 1000) AS full_name, :email AS claim_no FROM generate_series(1, 100000)";
    expect(await provide({ url, byEmail }).findByEmail(dana, signal())).toEqual({ kind: 'ambiguous', count: 10 });
    const received = through.passed.filter(({ to }) => to === 'client');
    expect(Buffer.concat(received.map(({ bytes }) => bytes)).length).toBeLessThan(20_000);
  });

  test('asks in one round trip, on one connection', async () => {
    const { url, through } = await throughProxy();
    const provider = provide({ url });
    await provider.findByEmail(dana, signal());
    through.passed.length = 0;
    for (let times = 1; times <= 3; times++) {
      expect(await provider.findByEmail(dana, signal())).toEqual(found);
      const turns = through.passed.filter(({ to }, at, all) => to !== all[at - 1]?.to);
      expect(turns.map(({ to }) => to)).toEqual(Array.from({ length: times }, () => ['server', 'client']).flat());
    }
    expect(through.connections).toBe(1);
  });

  test('sends the same statement whatever the address is, and finds nobody by an odd one', async () => {
    const { url, through } = await throughProxy();
    const provider = provide({ url });
    const statements = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 80 }), async (local) => {
        through.passed.length = 0;
        const email = { address: `${local}@northwind.example`, local, domain: 'northwind.example' };
        expect(await provider.findByEmail(email, signal())).toEqual({ kind: 'not_found' });
        const sent = Buffer.concat(through.passed.flatMap(({ to, bytes }) => (to === 'server' ? [bytes] : [])));
        // The message "Parse" is P, its length, a name (none), the statement, each of the two ended by 0.
        if (sent[0] === 0x50) statements.add(sent.toString('utf8', 6, sent.indexOf(0, 6)));
      }),
    );
    expect([...statements]).toEqual(['SELECT full_name, claim_no FROM customers WHERE lower(email) =  $1']);
  });

  test.each(['a\0b', '\ud800', 'x\udfff', "' OR 1=1 --", '$1', ':email', '\u{1f692}', 'ā'.repeat(300)])(
    'finds nobody by %j',
    async (local) => {
      const email = { address: `${local}@northwind.example`, local, domain: 'northwind.example' };
      expect(await provide().findByEmail(email, signal())).toEqual({ kind: 'not_found' });
      // A database that cannot even hold such a character.
      const latin = provide(
        { url: postgres.url('latin'), byEmail: 'SELECT 1 AS full_name WHERE :email = lower(current_user)' },
        { name: 'full_name' },
      );
      expect(await latin.findByEmail(email, signal())).toEqual({ kind: 'not_found' });
    },
  );

  test('survives a restart of the server: unavailable, then found, without a new provider', async () => {
    const provider = provide();
    const many = () => Promise.all(Array.from({ length: 10 }, () => provider.findByEmail(dana, signal())));
    await many();
    await postgres.stop();
    await expect(provider.findByEmail(dana, signal())).rejects.toMatchObject({
      code: 'CRM_UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    await postgres.restart();
    expect(await many()).toEqual(Array.from({ length: 10 }, () => found));
  });

  test('loses one look-up at most to a crash of the server that happened between two', async () => {
    const provider = provide();
    await Promise.all(Array.from({ length: 10 }, () => provider.findByEmail(dana, signal())));
    await postgres.stop('immediate');
    await postgres.restart();
    let failures = 0;
    for (let times = 0; times < 12; times++) await provider.findByEmail(dana, signal()).catch(() => failures++);
    expect(failures).toBeLessThanOrEqual(1);
  });

  test('loses one look-up, not ten, to a network that went silent', async () => {
    const { url, through } = await throughProxy();
    const provider = provide({ url });
    await Promise.all(Array.from({ length: 10 }, () => provider.findByEmail(dana, signal())));
    const before = through.connections;
    through.passed.length = 0;
    through.silence();
    const cut = new AbortController();
    const lost = provider.findByEmail(dana, cut.signal);
    await until('the question is on its way', () => through.passed.length > 0);
    cut.abort(new Error('no answer in time'));
    await expect(lost).rejects.toThrow('no answer in time');
    expect(await provider.findByEmail(dana, signal())).toEqual(found);
    expect(through.connections).toBeGreaterThan(before);
  });

  describe('with "changed"', () => {
    const changed =
      'SELECT email, domain, full_name, claim_no FROM accounts WHERE changed_at >= :since ORDER BY id LIMIT :limit OFFSET :offset';

    beforeAll(() =>
      postgres.run(`
        CREATE TABLE accounts (id int PRIMARY KEY, email text, domain text, full_name text, claim_no text, changed_at timestamptz);
        INSERT INTO accounts SELECT i, 'P' || i || '@Northwind.example', NULL, 'Person ' || i, 'CLM-' || i, timestamptz '2026-01-01Z' + i * interval '1 minute' FROM generate_series(1, 1203) AS i;
        UPDATE accounts SET email = 'none' WHERE id = 2;
        UPDATE accounts SET email = NULL, domain = 'Fabrikam.example' WHERE id = 3;
      `),
    );

    test('lists everybody, page by page, as they would be found', async () => {
      const pages = await pagesOf(provide({ changed }).changedSince!(null, null, signal()));
      expect(pages.map(({ customers, next }) => [customers.length, next])).toEqual([
        [499, '500'],
        [500, '1000'],
        [203, null],
      ]);
      expect(pages[0]!.customers.slice(0, 2)).toEqual([
        { emails: ['p1@northwind.example'], domains: [], record: { name: 'Person 1', claimNumber: 'CLM-1' } },
        { emails: [], domains: ['fabrikam.example'], record: { name: 'Person 3', claimNumber: 'CLM-3' } },
      ]);
    });

    test('lists who changed since then, and goes on behind a page', async () => {
      const provider = provide({ changed });
      const since = new Date('2026-01-01T20:00:00Z');
      const [page, ...others] = await pagesOf(provider.changedSince!(since, null, signal()));
      expect(others).toEqual([]);
      expect(page).toMatchObject({ customers: Array.from({ length: 4 }, () => expect.anything()), next: null });
      const rest = await pagesOf(provider.changedSince!(null, '1000', signal()));
      expect(rest.map(({ customers }) => customers.length)).toEqual([203]);
    });

    test('reads a list of addresses, under names of its own', async () => {
      const byNames =
        "SELECT ARRAY['A@x.example', 'none', 'b@x.example'] AS mails, 'X.example' AS site, 'A' AS full_name, NULL AS claim_no WHERE now() > :since LIMIT :limit OFFSET :offset";
      const provider = provide({ changed: byNames, match: { email: 'mails', domain: 'site' } });
      expect(await pagesOf(provider.changedSince!(null, null, signal()))).toEqual([
        {
          customers: [{ emails: ['a@x.example', 'b@x.example'], domains: ['x.example'], record: { name: 'A' } }],
          next: null,
        },
      ]);
    });

    test.each([
      ['a mapped column missing', changed.replace(', claim_no', ''), /^changed: .*no column "claim_no"/],
      [
        'neither an address nor a domain',
        changed.replace('email, domain', "''"),
        /neither a column "email" nor "domain"/,
      ],
      [
        'more rows than were asked for',
        'SELECT email, full_name, claim_no FROM accounts WHERE changed_at > (SELECT CAST(:since AS timestamptz) LIMIT :limit OFFSET :offset)',
        /more rows than :limit/,
      ],
    ])('is misconfigured with %s', async (_what, query, reason) => {
      const pages = provide({ changed: query }).changedSince!(null, null, signal());
      await expect(pagesOf(pages)).rejects.toMatchObject({
        code: 'CRM_MISCONFIGURED',
        message: expect.stringMatching(reason),
      });
    });

    test('checks it with the others', async () => {
      await expect(provide({ changed }).check(signal())).resolves.toBeUndefined();
      await expect(provide({ changed: changed.replace('accounts', 'nowhere') }).check(signal())).rejects.toThrow(
        'changed: relation "nowhere" does not exist',
      );
    });
  });
});
