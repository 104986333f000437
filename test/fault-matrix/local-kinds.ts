import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { CONTRACT_CUSTOMERS } from '../contract/crm-provider.contract.js';
import { TestPostgres } from '../support/postgres.js';
import { breakDns } from './faults.js';
import type { Kind, Mend } from './rig.js';

const QUERIES = {
  byEmail: 'SELECT claim_no FROM customers WHERE lower(email) = :email',
  byDomain: 'SELECT claim_no FROM customers WHERE domain = :domain',
  fields: { claimNumber: 'claim_no' },
};
const HUGE = 50_000_000;

/** The table is there again, under its name. */
const RENAMED = { away: 'ALTER TABLE customers RENAME TO away', back: 'ALTER TABLE away RENAME TO customers' };

/** PostgreSQL: what HTTP calls a status is an error class here, and what cannot happen is left out. */
const postgres: Kind = {
  name: 'sql: PostgreSQL',
  suffers: [
    '30 s latency',
    'never answers',
    'connection reset',
    '429, Retry-After 1',
    '500',
    '503',
    '401',
    'HTML instead of JSON',
    '50 MB answer',
    'DNS failure',
  ],
  async start() {
    const server = await TestPostgres.start();
    await server.run(`
      CREATE ROLE reader LOGIN PASSWORD 'reads-only';
      CREATE TABLE customers (email text, domain text, full_name text, claim_no text);
      GRANT SELECT ON customers TO reader`);
    for (const { email, domain, full_name, claim_no } of CONTRACT_CUSTOMERS)
      await server.run('INSERT INTO customers VALUES ($1, $2, $3, $4)', [email, domain, full_name, claim_no]);
    const cut = () => server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'");
    const sql = (before: string, after: string) => async (): Promise<Mend> => {
      await server.run(before);
      return async () => void (await server.run(after));
    };
    const raise = (code: string) =>
      sql(
        `${RENAMED.away}; CREATE FUNCTION broken() RETURNS SETOF away LANGUAGE plpgsql AS
           $$ BEGIN RAISE EXCEPTION 'broken' USING ERRCODE = '${code}'; END $$;
         CREATE VIEW customers AS SELECT * FROM broken(); GRANT SELECT ON customers TO reader`,
        `DROP VIEW customers; DROP FUNCTION broken; ${RENAMED.back}`,
      );
    const locked = async (): Promise<Mend> => {
      const client = new pg.Client({ connectionString: server.url() });
      await client.connect();
      await client.query('BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE');
      return () => client.end();
    };
    return {
      provider: {
        type: 'sql',
        url: server.url('postgres', 'reader:reads-only').replace('127.0.0.1', 'localhost'),
        ...QUERIES,
      },
      faults: {
        '30 s latency': locked,
        'never answers': locked,
        'connection reset': async () => {
          await server.stop('immediate');
          return () => server.restart();
        },
        '429, Retry-After 1': raise('53300'),
        '500': raise('53200'),
        '503': async () => {
          await server.stop();
          return () => server.restart();
        },
        '401': async () => {
          await server.run("ALTER ROLE reader PASSWORD 'changed'");
          await cut();
          return async () => void (await server.run("ALTER ROLE reader PASSWORD 'reads-only'"));
        },
        'HTML instead of JSON': sql(
          'ALTER TABLE customers RENAME COLUMN claim_no TO claim',
          'ALTER TABLE customers RENAME COLUMN claim TO claim_no',
        ),
        '50 MB answer': sql(
          `${RENAMED.away}; CREATE VIEW customers AS SELECT email, domain, repeat('x', ${HUGE}) AS claim_no FROM away; GRANT SELECT ON customers TO reader`,
          `DROP VIEW customers; ${RENAMED.back}`,
        ),
        'DNS failure': async () => {
          await cut();
          return breakDns();
        },
      },
      ofRecords: ['50 MB answer'],
      calls: () => null,
      close: () => server.close(),
    };
  },
};

const sqlite: Kind = {
  name: 'sql: SQLite',
  suffers: ['30 s latency', 'never answers', '500', '503', 'HTML instead of JSON', '50 MB answer'],
  start() {
    const folder = mkdtempSync(join(tmpdir(), 'enricher-matrix-'));
    const path = join(folder, 'customers.db');
    const run = (...statements: string[]) => {
      const database = new DatabaseSync(path);
      for (const statement of statements) database.exec(statement);
      database.close();
    };
    const make = () => {
      rmSync(path, { force: true });
      const database = new DatabaseSync(path);
      database.exec('CREATE TABLE customers (email TEXT, domain TEXT, full_name TEXT, claim_no TEXT)');
      const insert = database.prepare('INSERT INTO customers VALUES (?, ?, ?, ?)');
      for (const { email, domain, full_name, claim_no } of CONTRACT_CUSTOMERS)
        insert.run(email, domain, full_name, claim_no);
      database.close();
    };
    const broken = (work: () => void) => (): Mend => {
      work();
      return make;
    };
    make();
    const endless =
      'CREATE VIEW customers AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT * FROM away, n';
    const huge = `CREATE VIEW customers AS SELECT email, domain, printf('%.*c', ${HUGE}, 'x') AS claim_no FROM away`;
    return Promise.resolve({
      provider: { type: 'sql', url: `file:${path}`, ...QUERIES },
      faults: {
        '30 s latency': broken(() => run(RENAMED.away, `${endless} WHERE i < 0`)),
        'never answers': broken(() => run(RENAMED.away, `${endless} WHERE i < 0`)),
        '500': broken(() => run('DROP TABLE customers')),
        '503': (): Mend => {
          const other = new DatabaseSync(path);
          other.exec('BEGIN EXCLUSIVE');
          return () => other.close();
        },
        'HTML instead of JSON': broken(() => {
          rmSync(path);
          writeFileSync(path, '<html><body>Maintenance</body></html>'.repeat(100));
        }),
        '50 MB answer': broken(() => run(RENAMED.away, huge)),
      },
      ofRecords: ['50 MB answer'],
      calls: () => null,
      close: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
    });
  },
};

const file: Kind = {
  name: 'file',
  suffers: ['503', 'half a body, then silence', 'HTML instead of JSON'],
  isInMemory: true,
  start() {
    const folder = mkdtempSync(join(tmpdir(), 'enricher-matrix-'));
    const path = join(folder, 'customers.json');
    const make = () => writeFileSync(path, JSON.stringify(CONTRACT_CUSTOMERS));
    make();
    const broken = (work: () => void) => (): Mend => {
      work();
      return make;
    };
    return Promise.resolve({
      provider: { type: 'file', path, fields: { claimNumber: 'claim_no' } },
      faults: {
        '503': broken(() => rmSync(path)),
        'half a body, then silence': broken(() => writeFileSync(path, '[ { "email": "dana')),
        'HTML instead of JSON': broken(() => writeFileSync(path, '<html><body>Maintenance</body></html>')),
      },
      calls: () => null,
      close: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
    });
  },
};

export const LOCAL_KINDS: readonly Kind[] = [file, sqlite, postgres];
