import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { CustomerRecord } from '../../facts/facts.js';
import { EnricherError } from '../../shared/errors.js';
import type { LastKnown, LastKnownStore, PrefetchState, StoredProvider } from '../last-known.js';

export interface SqliteLastKnownOptions {
  /** The database file; its folder is made when it is missing. */
  readonly path: string;
  /** How old a record may be to stand in, in days. */
  readonly maxAgeDays: number;
  /** Hears what goes wrong, once until it is well again. */
  readonly report: (message: string) => void;
}

interface Write {
  readonly provider: StoredProvider;
  readonly id: string;
  /** Null drops it. */
  readonly known: LastKnown | null;
}

const DAY_MS = 86_400_000;
/** Writes are collected so long and kept together. */
const WRITE_EVERY_MS = 200;
const TRY_AGAIN_MS = 2_000;
const MAX_WRITES_AT_ONCE = 1_000;
/** More than these that cannot be written are forgotten, the oldest first. */
const MAX_WAITING = 100_000;
const PURGE_EVERY_MS = 3_600_000;
const PURGED_AT_ONCE = 1_000;
/** Another process writes, such as a pre-fetch on the command line. The event loop stands still meanwhile. */
const BUSY_TIMEOUT_MS = 100;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS customers (
    provider TEXT NOT NULL, mapping TEXT NOT NULL, id TEXT NOT NULL, record TEXT NOT NULL, seen_at INTEGER NOT NULL,
    PRIMARY KEY (provider, id)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS customers_by_age ON customers (seen_at);
  CREATE TABLE IF NOT EXISTS prefetches (
    provider TEXT NOT NULL PRIMARY KEY, mapping TEXT NOT NULL, complete_until INTEGER, started_at INTEGER, next TEXT, customers INTEGER
  ) WITHOUT ROWID;
`;

export const READ_KNOWN = 'SELECT record, seen_at FROM customers WHERE provider = ? AND id = ? AND mapping = ?';

/**
 * The last known customers in a SQLite file. Writes are collected in memory, where reads see them, and kept a moment later; a database that
 * cannot be used costs the memory of last time, never a message.
 */
export class SqliteLastKnown implements LastKnownStore {
  #database: DatabaseSync | undefined;
  readonly #statements = new Map<string, StatementSync>();
  readonly #waiting = new Map<string, Write>();
  #timer: NodeJS.Timeout | undefined;
  #purgeAt = 0;
  /** What went wrong last; null when all is well. */
  #fault: string | null = null;
  #isClosed = false;

  constructor(private readonly options: SqliteLastKnownOptions) {
    this.#try(() => this.#open());
    this.#schedule(WRITE_EVERY_MS);
  }

  get(provider: StoredProvider, id: string): Promise<LastKnown | null> {
    const waiting = this.#waiting.get(keyOf(provider, id));
    const known = waiting === undefined ? this.#read(provider, id) : waiting.known;
    const oldest = Date.now() - this.options.maxAgeDays * DAY_MS;
    return Promise.resolve(known !== null && known.seenAt >= oldest ? known : null);
  }

  put(provider: StoredProvider, records: readonly LastKnown[]): void {
    for (const known of records) this.#wait({ provider, id: known.id, known });
  }

  drop(provider: StoredProvider, ids: readonly string[]): void {
    for (const id of ids) this.#wait({ provider, id, known: null });
  }

  prefetchState({ name, mapping }: StoredProvider): Promise<PrefetchState> {
    const row = this.#try(() =>
      this.#statement('SELECT * FROM prefetches WHERE provider = ? AND mapping = ?').get(name, mapping),
    );
    const number = (value: unknown) => (typeof value === 'number' ? value : null);
    const next = row?.['next'];
    return Promise.resolve({
      completeUntil: number(row?.['complete_until']),
      open:
        typeof next === 'string'
          ? { startedAt: number(row?.['started_at']) ?? 0, next, customers: number(row?.['customers']) ?? 0 }
          : null,
    });
  }

  async savePrefetchState({ name, mapping }: StoredProvider, { completeUntil, open }: PrefetchState): Promise<void> {
    while (this.#waiting.size > 0) if (!this.#writeSome()) throw this.#notKept();
    const values = [name, mapping, completeUntil, open?.startedAt ?? null, open?.next ?? null, open?.customers ?? null];
    const isKept = this.#try(() => this.#run('INSERT OR REPLACE INTO prefetches VALUES (?, ?, ?, ?, ?, ?)', values));
    if (isKept === undefined) throw this.#notKept();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    while (this.#waiting.size > 0 && this.#writeSome());
    this.#try(() => this.#database?.close());
    this.#database = undefined;
    return Promise.resolve();
  }

  #wait(write: Write): void {
    if (this.#isClosed) return;
    const key = keyOf(write.provider, write.id);
    this.#waiting.delete(key);
    this.#waiting.set(key, write);
    if (this.#waiting.size > MAX_WAITING) this.#waiting.delete(this.#waiting.keys().next().value!);
    this.#schedule(WRITE_EVERY_MS);
  }

  #schedule(delayMs: number): void {
    this.#timer ??= setTimeout(() => this.#work(), delayMs).unref();
  }

  /** A slice at a time, so that the event loop is never held up for long. */
  #work(): void {
    this.#timer = undefined;
    if (!this.#writeSome()) return this.#schedule(TRY_AGAIN_MS);
    const isPurged = this.#purgeSome();
    if (this.#waiting.size > 0 || !isPurged) this.#schedule(0);
  }

  #writeSome(): boolean {
    if (this.#waiting.size === 0) return true;
    const some = [...this.#waiting].slice(0, MAX_WRITES_AT_ONCE);
    const isWritten = this.#try(() => {
      this.#inTransaction(() => {
        for (const [, write] of some) this.#write(write);
      });
      return true;
    });
    if (isWritten !== true) return false;
    for (const [key, write] of some) if (this.#waiting.get(key) === write) this.#waiting.delete(key);
    return true;
  }

  #write({ provider: { name, mapping }, id, known }: Write): void {
    if (known === null) this.#run('DELETE FROM customers WHERE provider = ? AND id = ?', [name, id]);
    else
      this.#run('INSERT OR REPLACE INTO customers VALUES (?, ?, ?, ?, ?)', [
        name,
        mapping,
        id,
        JSON.stringify(known.record),
        known.seenAt,
      ]);
  }

  #read({ name, mapping }: StoredProvider, id: string): LastKnown | null {
    const known = this.#try(() => {
      const row = this.#statement(READ_KNOWN).get(name, id, mapping);
      if (row === undefined) return null;
      return toLastKnown(id, row);
    });
    return known ?? null;
  }

  /** False when more is left to purge. */
  #purgeSome(): boolean {
    const now = Date.now();
    if (now < this.#purgeAt) return true;
    const oldest = now - this.options.maxAgeDays * DAY_MS;
    const sql = `DELETE FROM customers WHERE (provider, id) IN (SELECT provider, id FROM customers WHERE seen_at < ? LIMIT ${PURGED_AT_ONCE})`;
    const purged = this.#try(() => Number(this.#run(sql, [oldest]).changes));
    if (purged === PURGED_AT_ONCE) return false;
    this.#purgeAt = now + PURGE_EVERY_MS;
    return true;
  }

  #open(): DatabaseSync {
    const { path } = this.options;
    mkdirSync(dirname(path), { recursive: true });
    const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      // Who the customers are is nobody else's affair.
      chmodSync(path, 0o600);
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
      database.exec(SCHEMA);
    } catch (error) {
      database.close();
      throw error;
    }
    this.#statements.clear();
    this.#database = database;
    return database;
  }

  #statement(sql: string): StatementSync {
    const database = this.#database ?? this.#open();
    const statement = this.#statements.get(sql) ?? database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #run(sql: string, values: SQLInputValue[]) {
    return this.#statement(sql).run(...values);
  }

  #inTransaction(work: () => void): void {
    const database = this.#database ?? this.#open();
    database.exec('BEGIN IMMEDIATE');
    try {
      work();
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  #try<T>(work: () => T): T | undefined {
    try {
      const result = work();
      this.#fault = null;
      return result;
    } catch (error) {
      const { message } = error as Error;
      if (this.#fault === null) this.options.report(message);
      this.#fault = message;
      return undefined;
    }
  }

  #notKept(): EnricherError {
    return new EnricherError(
      'OUTPUT_FAILED',
      `the last known customers cannot be kept: ${this.#fault ?? 'unknown why'}`,
    );
  }
}

/** @throws SyntaxError when the row is damaged */
export function toLastKnown(id: string, row: Readonly<Record<string, unknown>>): LastKnown {
  const record = Object.freeze(JSON.parse(String(row['record'])) as CustomerRecord);
  return { id, record, seenAt: Number(row['seen_at']) };
}

function keyOf({ name }: StoredProvider, id: string): string {
  return `${name}\n${id}`;
}
