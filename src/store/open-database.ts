import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { type SqliteOptions, SqliteThreadDialect } from './sqlite-dialect.js';
import type { Tables } from './tables.js';

/** 64-bit integers come as text from pg; ours are times and counts, which a number holds. */
const INT8 = 20;
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format: 'text') =>
    oid === INT8 ? Number : (pg.types.getTypeParser(oid, format) as unknown)) as pg.CustomTypesConfig['getTypeParser'],
};
const MAX_CONNECTIONS = 6;
/** One that leads nowhere since another server took over is not used for longer; nothing else tells it from one that is slow. */
const CONNECTION_LIFE_SECONDS = 30;
const CONNECT_TIMEOUT_MS = 2_000;
/** A statement that takes longer has met a database in trouble. */
const STATEMENT_TIMEOUT_MS = 10_000;

export interface DatabaseOptions extends SqliteOptions {
  /** To PostgreSQL. */
  readonly maxConnections?: number;
}

/** The store's database; nothing is opened before the first statement. */
export function openDatabase(url: string, options: DatabaseOptions): Kysely<Tables> {
  if (url.startsWith('file:'))
    return new Kysely<Tables>({ dialect: new SqliteThreadDialect(url.slice('file:'.length), options) });
  const pool = new pg.Pool({
    connectionString: url,
    max: options.maxConnections ?? MAX_CONNECTIONS,
    maxLifetimeSeconds: CONNECTION_LIFE_SECONDS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'enricher',
    // A start that is refused ends at once, though nobody closes what was opened for it.
    allowExitOnIdle: true,
    types: TYPES,
  });
  // The pool has dropped the connection; the next statement makes a new one, or fails and is told.
  pool.on('error', () => undefined);
  // A connection lost in the middle of a statement fails that statement; told to nobody, it would end the process as well.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}
