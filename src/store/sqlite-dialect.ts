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
import type { SqliteRequest } from './sqlite-protocol.js';
import { SqliteThreadClient } from './sqlite-thread-client.js';

/** Kysely on a SQLite file in a thread of its own. */
export class SqliteThreadDialect implements Dialect {
  constructor(private readonly path: string) {}

  createAdapter(): DialectAdapter {
    return new SqliteThreadAdapter();
  }

  createDriver(): Driver {
    return new SqliteThreadDriver(new SqliteThreadClient({ path: this.path }));
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(db);
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }
}

/** SQLite's statements on tables are part of a transaction; Kysely leaves them outside, and a kill would leave half a migration. */
class SqliteThreadAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** One connection for all: statements outside a transaction wait while one is open, since they would be part of it. */
class SqliteThreadDriver implements Driver {
  readonly #connection: SqliteThreadConnection;
  #free: Promise<void> = Promise.resolve();
  #release: () => void = () => undefined;

  constructor(private readonly client: SqliteThreadClient) {
    this.#connection = new SqliteThreadConnection(client);
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#free;
    const mine = Promise.withResolvers<void>();
    this.#free = mine.promise;
    await before;
    this.#release = mine.resolve;
    return this.#connection;
  }

  releaseConnection(): Promise<void> {
    this.#release();
    return Promise.resolve();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  destroy(): Promise<void> {
    return this.client.close();
  }
}

class SqliteThreadConnection implements DatabaseConnection {
  constructor(private readonly client: SqliteThreadClient) {}

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const { rows, changes } = await this.client.run(sql, parameters as SqliteRequest['parameters']);
    return { rows: rows as Row[], numAffectedRows: BigInt(changes) };
  }

  // oxlint-disable-next-line require-yield -- Kysely's interface; readers page by key
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('streaming is not supported: page by key');
  }
}
