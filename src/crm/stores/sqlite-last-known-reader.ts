import { DatabaseSync } from 'node:sqlite';
import type { LastKnown, LastKnownStore, PrefetchState, StoredProvider } from '../last-known.js';
import { READ_KNOWN, type SqliteLastKnownOptions, toLastKnown } from './sqlite-last-known.js';

const DAY_MS = 86_400_000;
const BUSY_TIMEOUT_MS = 2_000;

/** The last known customers for somebody who only looks: what is put goes nowhere, and a database that is not there is not made. */
export class SqliteLastKnownReader implements LastKnownStore {
  readonly #database: DatabaseSync | undefined;

  constructor(private readonly options: SqliteLastKnownOptions) {
    try {
      this.#database = new DatabaseSync(options.path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    } catch (error) {
      this.options.report((error as Error).message);
    }
  }

  get({ name, mapping }: StoredProvider, id: string): Promise<LastKnown | null> {
    try {
      const row = this.#database?.prepare(READ_KNOWN).get(name, id, mapping);
      const known = row === undefined ? null : toLastKnown(id, row);
      const oldest = Date.now() - this.options.maxAgeDays * DAY_MS;
      return Promise.resolve(known !== null && known.seenAt >= oldest ? known : null);
    } catch (error) {
      this.options.report((error as Error).message);
      return Promise.resolve(null);
    }
  }

  put(): void {}

  drop(): void {}

  prefetchState(): Promise<PrefetchState> {
    return Promise.resolve({ completeUntil: null, open: null });
  }

  savePrefetchState(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#database?.close();
    return Promise.resolve();
  }
}
