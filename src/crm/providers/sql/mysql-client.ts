import { setTimeout } from 'node:timers/promises';
import mysql, { type ConnectionOptions, type FieldPacket, type Pool, type PoolConnection } from 'mysql2/promise';
import { CallsUnderWay } from '../../../shared/calls-under-way.js';
import { orAborted } from '../../../shared/or-aborted.js';
import { within } from '../../../shared/within.js';
import { isConnectionLost, toSqlError } from './mysql-errors.js';
import { EXACT_VALUES, toJson } from './mysql-values.js';
import {
  databaseClosed,
  type SqlClient,
  type SqlParameters,
  type SqlResult,
  type SqlStatements,
  type StatementName,
} from './sql-client.js';
import { type BoundSql, toPlaceholders } from './sql-tokens.js';

export interface MysqlSetup {
  /** Of `mysqlOptions`. */
  readonly connection: ConnectionOptions;
  readonly statements: SqlStatements;
  readonly maxConnections: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 10_000;
const KILL_TIMEOUT_MS = 5_000;
/** Longest wait for the server to hang up. */
const FAREWELL_MS = 1_000;

/**
 * Said once on each connection: nothing is written, times are UTC, and as a backstop nothing runs for ever or gives rows without end (what
 * has no LIMIT of its own). MySQL takes its time-out in milliseconds, MariaDB in seconds; each reads its own comment as code.
 *
 * @source dev.mysql.com/doc/refman/8.4/en/set-transaction.html; mariadb.com/kb/en/comment-syntax/
 */
const SESSION = [
  'SET SESSION TRANSACTION READ ONLY',
  "SET time_zone = '+00:00', sql_select_limit = 1000 /*!50708 , max_execution_time = 65000 */ /*M!100100 , max_statement_time = 65 */",
];

/** A pool of connections. What is aborted is killed in the database too. */
export class MysqlClient implements SqlClient {
  readonly #pool: Pool;
  readonly #options: ConnectionOptions;
  readonly #statements: Readonly<Record<string, BoundSql>>;
  /** When a connection last answered, in ms of the process; one that is not here has not been prepared. */
  readonly #answeredAt = new WeakMap<object, number>();
  /** Connections that have not answered since then are not used again. */
  #distrustedBefore = 0;
  readonly #underWay = new CallsUnderWay();
  readonly #killing = new Set<Promise<void>>();
  /** Those that are open. */
  readonly #made = new Set<{ destroy(): void }>();
  #closing: Promise<void> | undefined;

  constructor({ connection, statements, maxConnections }: MysqlSetup) {
    const entries = Object.entries(statements).map(([name, sql]) => [name, toPlaceholders(sql, 'mysql')] as const);
    this.#statements = Object.fromEntries(entries);
    this.#options = {
      ...connection,
      ...EXACT_VALUES,
      connectTimeout: CONNECT_TIMEOUT_MS,
      enableKeepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      // A server must not be able to ask for our files.
      flags: ['-LOCAL_FILES'],
      connectAttributes: { program_name: 'enricher' },
    };
    const idle = { maxIdle: Math.max(1, maxConnections - 1), idleTimeout: IDLE_TIMEOUT_MS };
    this.#pool = mysql.createPool({ ...this.#options, connectionLimit: maxConnections, ...idle });
    // Whoever uses it hears of the fault from the query; without a listener it would end the process.
    this.#pool.on('connection', (made) => {
      made.on('error', () => undefined);
      this.#made.add(made);
      made.on('end', () => this.#made.delete(made));
    });
  }

  query(statement: StatementName, parameters: SqlParameters, maxRows: number, given: AbortSignal): Promise<SqlResult> {
    const { text, names } = this.#statements[statement]!;
    const values = names.map((name) => toBound(parameters[name]!));
    return this.#underWay.run(given, async (signal) => {
      try {
        return await this.#ask(text, values, maxRows, signal);
      } catch (error) {
        signal.throwIfAborted();
        throw toSqlError(error, values);
      }
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#underWay.end(databaseClosed());
    await Promise.all(this.#killing);
    const isDone = new AbortController();
    const tooLong = setTimeout(FAREWELL_MS, undefined, { signal: isDone.signal }).catch(() => undefined);
    await Promise.race([this.#pool.end(), tooLong]);
    isDone.abort();
    for (const connection of this.#made) connection.destroy();
  }

  async #ask(text: string, values: Bound[], maxRows: number, signal: AbortSignal): Promise<SqlResult> {
    const connection = await this.#connection(signal);
    const startedAt = performance.now();
    try {
      if (!this.#answeredAt.has(connection.connection)) {
        for (const sql of SESSION) await orAborted(connection.query(sql), signal);
      }
      const asked = connection.execute({ sql: text, values, rowsAsArray: true });
      const [rows, fields] = (await orAborted(asked, signal)) as unknown as [unknown, FieldPacket[] | undefined];
      this.#answeredAt.set(connection.connection, performance.now());
      connection.release();
      // What is no query has neither.
      return toResult(Array.isArray(rows) ? rows.slice(0, maxRows) : [], fields ?? []);
    } catch (error) {
      if (signal.aborted) {
        this.#distrust(startedAt);
        this.#kill(connection);
      } else if (isConnectionLost(error) || !this.#answeredAt.has(connection.connection)) {
        this.#distrust(performance.now());
        connection.destroy();
      } else {
        this.#answeredAt.set(connection.connection, performance.now());
        connection.release();
      }
      throw error;
    }
  }

  async #connection(signal: AbortSignal): Promise<PoolConnection> {
    for (;;) {
      const connecting = this.#pool.getConnection();
      const connection = await orAborted(connecting, signal).catch((error: unknown) => {
        connecting.then(
          (late) => late.release(),
          () => undefined,
        );
        throw error;
      });
      if ((this.#answeredAt.get(connection.connection) ?? Infinity) >= this.#distrustedBefore) return connection;
      connection.destroy();
    }
  }

  /** Stops what the connection runs, over another: to the server a closed one is no reason to stop. */
  #kill(connection: PoolConnection): void {
    const killing = killQuery(this.#options, connection.threadId).finally(() => {
      connection.destroy();
      this.#killing.delete(killing);
    });
    this.#killing.add(killing);
  }

  #distrust(before: number): void {
    this.#distrustedBefore = Math.max(this.#distrustedBefore, before);
  }
}

async function killQuery(options: ConnectionOptions, threadId: number): Promise<void> {
  const connecting = mysql.createConnection(options);
  try {
    await within(KILL_TIMEOUT_MS, async () => (await connecting).query(`KILL QUERY ${Math.trunc(threadId)}`));
  } catch {
    // It cannot be reached, or does not answer, or the query has ended: there is nothing left to do.
  } finally {
    connecting.then(
      (killer) => killer.destroy(),
      () => undefined,
    );
  }
}

type Bound = string | ReturnType<typeof mysql.TypedParameter.BIGINT>;

/** Whole numbers as such: what the driver makes of a number is a fraction, which MySQL refuses as a LIMIT. */
function toBound(value: string | number | Date): Bound {
  if (value instanceof Date) return value.toISOString().replace('T', ' ').replace('Z', '');
  return typeof value === 'number' ? mysql.TypedParameter.BIGINT(value) : value;
}

function toResult(rows: readonly (readonly unknown[])[], fields: readonly FieldPacket[]): SqlResult {
  const toRow = (cells: readonly unknown[]) =>
    Object.fromEntries(fields.map((field, at) => [field.name, toJson(cells[at], field)] as const));
  return { columns: fields.map(({ name }) => name), rows: rows.map(toRow) };
}
