import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { SqliteAnswer, SqliteQuery, SqliteWorkerData } from './sqlite-protocol.js';

type Rows = readonly Record<string, unknown>[];

/** SQLite refused or failed a query. */
export class SqliteError extends Error {
  override readonly name = 'SqliteError';

  constructor(
    message: string,
    /** Extended result code, 0 when the thread itself failed. */
    readonly code: number,
  ) {
    super(message);
  }
}

interface Pending {
  resolve(rows: Rows): void;
  reject(error: Error): void;
}

/** A database in a thread of its own, started at the first query and again after a query had to be cut off. */
export class SqliteWorkerClient {
  #worker: Worker | undefined;
  #nextId = 0;
  readonly #pending = new Map<number, Pending>();

  constructor(private readonly data: SqliteWorkerData) {}

  /**
   * The rows of a statement, at most `maxRows`.
   *
   * @throws SqliteError when SQLite refuses; the signal's reason when it aborts, which ends the thread and so every query
   *   that waits behind the one that did not finish
   */
  query(statement: string, parameters: Record<string, string>, maxRows: number, signal: AbortSignal): Promise<Rows> {
    signal.throwIfAborted();
    const id = this.#nextId++;
    const query: SqliteQuery = { id, statement, parameters, maxRows };
    return new Promise<Rows>((resolve, reject) => {
      const onAbort = () => {
        const pending = this.#pending.get(id);
        this.#pending.delete(id);
        pending?.reject(signal.reason as Error);
        void this.#restart();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const settle = () => signal.removeEventListener('abort', onAbort);
      this.#pending.set(id, {
        resolve: (rows) => (settle(), resolve(rows)),
        reject: (error) => (settle(), reject(error)),
      });
      this.#running().postMessage(query);
    });
  }

  async close(): Promise<void> {
    await this.#restart();
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const extension = extname(fileURLToPath(import.meta.url));
    const worker = new Worker(new URL(`./sqlite.worker${extension}`, import.meta.url), { workerData: this.data });
    worker.unref();
    worker.on('message', (answer: SqliteAnswer) => this.#settle(answer));
    worker.on('error', (error) => {
      if (worker === this.#worker) this.#worker = undefined;
      this.#rejectAll(new SqliteError(error instanceof Error ? error.message : String(error), 0));
    });
    this.#worker = worker;
    return worker;
  }

  #settle(answer: SqliteAnswer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (answer.ok) pending?.resolve(answer.rows);
    else pending?.reject(new SqliteError(answer.message, answer.code));
  }

  async #restart(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#rejectAll(new SqliteError('the database was busy with a query that had to be cut off', 0));
    await worker?.terminate();
  }

  #rejectAll(error: Error): void {
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of waiting) reject(error);
  }
}
