import pg from 'pg';
import type { JsonValue } from '../../../facts/facts.js';
import { CallsUnderWay } from '../../../shared/calls-under-way.js';
import { orAborted } from '../../../shared/or-aborted.js';
import { requestCancel } from './postgres-cancel.js';
import { isConnectionLost, toSqlError } from './postgres-errors.js';
import { postgresTypes } from './postgres-values.js';
import {
  databaseClosed,
  type SqlClient,
  type SqlParameters,
  type SqlResult,
  type SqlStatements,
  type StatementName,
} from './sql-client.js';
import { type BoundSql, toPlaceholders } from './sql-tokens.js';

export interface PostgresSetup {
  /** Of `postgresUrl`. */
  readonly url: string;
  readonly statements: SqlStatements;
  readonly maxConnections: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 10_000;
/** Longest wait for the server to hang up. */
const FAREWELL_MS = 1_000;

/** A pool of connections. Each look-up is one round trip; what is aborted is cancelled in the database too. */
export class PostgresClient implements SqlClient {
  readonly #pool: pg.Pool;
  readonly #statements: Readonly<Record<string, BoundSql>>;
  /** When a connection last answered, in ms of the process. */
  readonly #answeredAt = new WeakMap<pg.Client, number>();
  /** Connections that have not answered since then are not used again. */
  #distrustedBefore = 0;
  readonly #underWay = new CallsUnderWay();
  /** Those that are open. */
  readonly #made = new Set<pg.Client>();
  #closing: Promise<void> | undefined;

  constructor({ url, statements, maxConnections }: PostgresSetup) {
    const entries = Object.entries(statements).map(([name, sql]) => [name, toPlaceholders(sql, 'postgres')] as const);
    this.#statements = Object.fromEntries(entries);
    this.#pool = new pg.Pool({
      Client: TidyClient,
      connectionString: url,
      max: maxConnections,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    });
    this.#pool.on('connect', (client) => {
      this.#answeredAt.set(client, performance.now());
      this.#made.add(client);
      client.on('end', () => this.#made.delete(client));
      // Whoever uses it hears of the fault from the query; without a listener it would end the process.
      client.on('error', () => undefined);
    });
    // An idle connection broke: the server has gone, and the others have most likely gone with it.
    this.#pool.on('error', () => this.#distrust(performance.now()));
  }

  query(statement: StatementName, parameters: SqlParameters, maxRows: number, given: AbortSignal): Promise<SqlResult> {
    const { text, names } = this.#statements[statement]!;
    const values = names.map((name) => toBound(parameters[name]!));
    return this.#underWay.run(given, async (signal) => {
      try {
        return await this.#ask(text, values, maxRows, signal);
      } catch (error) {
        signal.throwIfAborted();
        throw toSqlError(error);
      }
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #close(): Promise<void> {
    this.#underWay.end(databaseClosed());
    const hangUp = () => {
      for (const client of this.#made) client.connection.stream.destroy();
    };
    setTimeout(hangUp, FAREWELL_MS).unref();
    return this.#pool.end();
  }

  async #ask(text: string, values: string[], maxRows: number, signal: AbortSignal): Promise<SqlResult> {
    const client = await this.#connection(signal);
    const startedAt = performance.now();
    try {
      const result = await orAborted(run(client, text, values, maxRows), signal);
      this.#answeredAt.set(client, performance.now());
      client.release();
      return toResult(result);
    } catch (error) {
      if (signal.aborted) {
        this.#distrust(startedAt);
        void requestCancel(client).finally(() => client.release(true));
      } else if (isConnectionLost(error)) {
        this.#distrust(performance.now());
        client.release(true);
      } else {
        this.#answeredAt.set(client, performance.now());
        client.release();
      }
      throw error;
    }
  }

  async #connection(signal: AbortSignal): Promise<pg.PoolClient> {
    for (;;) {
      const connecting = this.#pool.connect();
      const client = await orAborted(connecting, signal).catch((error: unknown) => {
        connecting.then(
          (late) => late.release(),
          () => undefined,
        );
        throw error;
      });
      if ((this.#answeredAt.get(client) ?? 0) >= this.#distrustedBefore) return client;
      // Not a farewell: who does not answer would be waited for.
      client.connection.stream.destroy();
      client.release(true);
    }
  }

  #distrust(before: number): void {
    this.#distrustedBefore = Math.max(this.#distrustedBefore, before);
  }
}

/** A client that hangs up when it cannot log in: the pool forgets it, and the server would wait for more. */
class TidyClient extends pg.Client {
  /** As the pool calls it. */
  override connect(heard?: (error: never, client: never) => void): Promise<pg.Client> {
    super.connect((error: Error | null | undefined) => {
      if (error) this.connection.stream.destroy();
      heard?.(error as never, this as never);
    });
    return Promise.resolve(this);
  }
}

type ArrayResult = pg.QueryArrayResult<(JsonValue | undefined)[]>;

function run(client: pg.PoolClient, text: string, values: string[], maxRows: number): Promise<ArrayResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ArrayResult>();
  const config = { text, values, rowMode: 'array', types: postgresTypes };
  const query = new FirstRows(config, (error, result) => {
    if (error) reject(error);
    else resolve(result);
  });
  query.maxRows = maxRows;
  client.query(query);
  return promise;
}

/** A query that is given so many rows and no more, all in one round trip; the driver's `rows` asks for the next lot, and takes two. */
class FirstRows extends pg.Query {
  maxRows = 0;

  _getRows(connection: pg.Connection & { execute(config: object): void }): void {
    connection.execute({ portal: '', rows: this.maxRows });
    connection.sync();
  }

  handlePortalSuspended(): void {
    // There are more rows.
  }
}

function toBound(value: string | number | Date): string {
  return value instanceof Date ? value.toISOString() : String(value);
}

function toResult({ fields, rows }: ArrayResult): SqlResult {
  const columns = fields.map(({ name }) => name);
  const toRow = (cells: readonly (JsonValue | undefined)[]) =>
    Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? undefined] as const));
  return { columns, rows: rows.map(toRow) };
}
