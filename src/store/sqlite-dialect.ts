import {
  CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryCompiler,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { SqliteClosing, SqliteRequest } from './sqlite-protocol.js';
import { SqliteThreadClient } from './sqlite-thread-client.js';

export interface SqliteOptions {
  /** The file is taken as it is, also from a disk that cannot be written. */
  readonly isReadOnly?: boolean;
  /** Hears that the file was closed by what went wrong with it; the next statement opens what is there then. */
  readonly onClosed?: (why: SqliteClosing) => void;
}

/** Kysely on a SQLite file in a thread of its own. */
export class SqliteThreadDialect implements Dialect {
  constructor(
    private readonly path: string,
    private readonly options: SqliteOptions = {},
  ) {}

  createAdapter(): DialectAdapter {
    return new SqliteThreadAdapter();
  }

  createDriver(): Driver {
    const { isReadOnly = false, onClosed } = this.options;
    return new SqliteThreadDriver(new SqliteThreadClient({ path: this.path, isReadOnly }, onClosed));
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(db);
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }
}

class SqliteThreadAdapter extends SqliteAdapter {
  /** SQLite's statements on tables are part of a transaction; Kysely leaves them outside, and a kill would leave half a migration. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }

  /** Kysely would wait for each statement before it sends the next; the driver knows when that is needed. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

/**
 * One SQLite connection for all. Statements go to the thread as they come, which runs them in their order; while a transaction is open, those of
 * others wait, since they would be part of it.
 */
class SqliteThreadDriver implements Driver {
  readonly #client: SqliteThreadClient;
  #transaction: { readonly of: DatabaseConnection; readonly over: PromiseWithResolvers<void> } | undefined;

  constructor(client: SqliteThreadClient) {
    this.#client = client;
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  acquireConnection(): Promise<DatabaseConnection> {
    const connection: DatabaseConnection = {
      executeQuery: async <Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> => {
        while (this.#isOthers(connection)) await this.#transaction?.over.promise;
        const { rows, changes } = await this.#client.run(sql, parameters as SqliteRequest['parameters']);
        return { rows: rows as Row[], numAffectedRows: BigInt(changes) };
      },
      // oxlint-disable-next-line require-yield -- Kysely's interface; readers page by key
      async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
        throw new Error('streaming is not supported: page by key');
      },
    };
    return Promise.resolve(connection);
  }

  releaseConnection(connection: DatabaseConnection): Promise<void> {
    if (this.#transaction?.of === connection) this.#end();
    return Promise.resolve();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    while (this.#isOthers(connection)) await this.#transaction?.over.promise;
    this.#transaction = { of: connection, over: Promise.withResolvers() };
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  destroy(): Promise<void> {
    return this.#client.close();
  }

  #isOthers(connection: DatabaseConnection): boolean {
    return this.#transaction !== undefined && this.#transaction.of !== connection;
  }

  #end(): void {
    const ended = this.#transaction;
    this.#transaction = undefined;
    ended?.over.resolve();
  }
}
