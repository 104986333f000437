import type { Kysely } from 'kysely';
import { migrate } from './migrations.js';
import { openDatabase } from './open-database.js';
import type { Tables } from './tables.js';

export interface StoreOptions {
  /** Takes the database as it is. */
  readonly isReadOnly?: boolean;
  /** To PostgreSQL. */
  readonly maxConnections?: number;
}

/** The database that outlives the process; several replicas may share it. Nothing is opened before the first use. */
export class Store {
  /** Whether other processes answer with it too; a SQLite file has one. */
  readonly isShared: boolean;
  readonly #db: Kysely<Tables>;
  #migration: Promise<void> | undefined;

  /** @param url `file:…` for SQLite, `postgres://…` */
  constructor(
    url: string,
    private readonly options: StoreOptions = {},
  ) {
    this.isShared = !url.startsWith('file:');
    this.#db = openDatabase(url, options.maxConnections);
  }

  /**
   * The database, in its newest form.
   *
   * @throws what the database throws when it cannot be reached; the next call tries again
   */
  async ready(): Promise<Kysely<Tables>> {
    if (this.options.isReadOnly === true) return this.#db;
    this.#migration ??= migrate(this.#db).catch((error: unknown) => {
      this.#migration = undefined;
      throw error;
    });
    await this.#migration;
    return this.#db;
  }

  close(): Promise<void> {
    return this.#db.destroy();
  }
}
