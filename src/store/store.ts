import { dirname } from 'node:path';
import type { Kysely } from 'kysely';
import { migrate } from './migrations.js';
import { openDatabase } from './open-database.js';
import { scrubSqlite } from './scrub-sqlite.js';
import type { SqliteClosing } from './sqlite-protocol.js';
import type { Tables } from './tables.js';

export interface StoreOptions {
  /** False takes the database in the form that it has. Default: true, unless it is only read. */
  readonly migrates?: boolean;
  /** Takes a SQLite file as it is, also from a disk that cannot be written. */
  readonly isReadOnly?: boolean;
  /** To PostgreSQL. */
  readonly maxConnections?: number;
  /** Hears that a SQLite file is not at its path any more, and what is there now, or a new one, is used from here on. */
  readonly replaced?: () => void;
}

/** The database that outlives the process; several replicas may share it. Nothing is opened before the first use. */
export class Store {
  /** Whether other processes answer with it too; a SQLite file has one. */
  readonly isShared: boolean;
  readonly #db: Kysely<Tables>;
  #migration: Promise<void> | undefined;

  /** @param url `file:…` for SQLite, `postgres://…` */
  constructor(
    private readonly url: string,
    private readonly options: StoreOptions = {},
  ) {
    this.isShared = !url.startsWith('file:');
    this.#db = openDatabase(url, { ...options, onClosed: (why) => this.#closed(why) });
  }

  /**
   * The database, in its newest form.
   *
   * @throws what the database throws when it cannot be reached; the next call tries again
   */
  async ready(): Promise<Kysely<Tables>> {
    const { isReadOnly = false, migrates = !isReadOnly } = this.options;
    if (!migrates) return this.#db;
    this.#migration ??= migrate(this.#db).catch((error: unknown) => {
      this.#migration = undefined;
      throw error;
    });
    await this.#migration;
    return this.#db;
  }

  /**
   * Takes what was deleted out of a SQLite file and its WAL for good. PostgreSQL does that by itself, in time.
   *
   * @throws what the database throws, and when somebody reads or writes it all the time
   */
  async scrub(): Promise<void> {
    if (this.isShared) return;
    await scrubSqlite(await this.ready(), dirname(this.url.slice('file:'.length)));
  }

  close(): Promise<void> {
    return this.#db.destroy();
  }

  #closed(why: SqliteClosing): void {
    this.#migration = undefined;
    if (why === 'replaced') this.options.replaced?.();
  }
}
