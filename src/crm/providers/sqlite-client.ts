import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SqliteAnswer, SqliteQuery, SqliteSetup } from './sqlite-protocol.js';

type Rows = readonly Record<string, unknown>[];

/** SQLite refused or failed a query. */
export class SqliteError extends Error {
  override readonly name = 'SqliteError';

  constructor(
    message: string,
    /** Extended result code, 0 when the process itself failed. */
    readonly code: number,
  ) {
    super(message);
  }
}

interface Pending {
  readonly resolve: (rows: Rows) => void;
  readonly reject: (error: unknown) => void;
}

/** A database in a process of its own, started at the first query and again after a query had to be cut off. */
export class SqliteClient {
  #child: ChildProcess | undefined;
  #nextId = 0;
  readonly #pending = new Map<number, Pending>();

  constructor(private readonly setup: SqliteSetup) {}

  /**
   * The rows of a statement, at most `maxRows`.
   *
   * @throws SqliteError when SQLite refuses; the signal's reason when it aborts, which kills the process and so fails every
   *   query that waits behind the one that did not finish
   */
  async query(
    statement: string,
    parameters: Record<string, string>,
    maxRows: number,
    signal: AbortSignal,
  ): Promise<Rows> {
    signal.throwIfAborted();
    const query: SqliteQuery = { id: this.#nextId++, statement, parameters, maxRows };
    const { promise, resolve, reject } = Promise.withResolvers<Rows>();
    const cutOff = () => {
      this.#pending.delete(query.id);
      reject(signal.reason);
      this.#stop(new SqliteError('the database was busy with a query that had to be cut off', 0));
    };
    signal.addEventListener('abort', cutOff, { once: true });
    this.#pending.set(query.id, { resolve, reject });
    this.#running().send(query);
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', cutOff);
    }
  }

  close(): void {
    this.#stop(new SqliteError('the database was closed', 0));
  }

  #running(): ChildProcess {
    if (this.#child !== undefined) return this.#child;
    const script = new URL(`./sqlite.child${extname(fileURLToPath(import.meta.url))}`, import.meta.url);
    const child = fork(script, [JSON.stringify(this.setup)], {
      serialization: 'advanced',
      execArgv: ['--no-warnings'],
    });
    child.unref();
    child.channel?.unref();
    child.on('message', (answer: SqliteAnswer) => this.#settle(answer));
    const onEnd = (how: unknown) => {
      if (child === this.#child) this.#stop(new SqliteError(`the process of the database ended (${String(how)})`, 0));
    };
    child.on('error', (error) => onEnd(error.message));
    child.on('exit', (code, killedBy) => onEnd(killedBy ?? code));
    this.#child = child;
    return child;
  }

  #settle(answer: SqliteAnswer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (answer.ok) pending?.resolve(answer.rows);
    else pending?.reject(new SqliteError(answer.message, answer.code));
  }

  #stop(error: SqliteError): void {
    const child = this.#child;
    this.#child = undefined;
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    child?.kill('SIGKILL');
    for (const { reject } of waiting) reject(error);
  }
}
