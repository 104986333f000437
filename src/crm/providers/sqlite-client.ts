import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SqliteAnswer, SqliteQuery, SqliteResult, SqliteSetup } from './sqlite-protocol.js';

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

interface Waiting {
  readonly query: SqliteQuery;
  readonly resolve: (result: SqliteResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A database in a process of its own, started at the first query and again after a query had to be cut off. It is given
 * one query at a time, so that cutting one off costs the others nothing but the new start.
 */
export class SqliteClient {
  #child: ChildProcess | undefined;
  #nextId = 0;
  #isClosed = false;
  /** The first is under way, the others wait for it. */
  readonly #queue: Waiting[] = [];

  constructor(private readonly setup: Omit<SqliteSetup, 'parentPid'>) {}

  /**
   * The result of a statement, at most `maxRows` of it.
   *
   * @throws SqliteError when SQLite refuses or the client was closed; the signal's reason when it aborts
   */
  async query(
    statement: string,
    parameters: Record<string, string>,
    maxRows: number,
    signal: AbortSignal,
  ): Promise<SqliteResult> {
    signal.throwIfAborted();
    if (this.#isClosed) throw closed();
    const { promise, resolve, reject } = Promise.withResolvers<SqliteResult>();
    const waiting = { query: { id: this.#nextId++, statement, parameters, maxRows }, resolve, reject };
    const cutOff = () => this.#cutOff(waiting, signal.reason);
    signal.addEventListener('abort', cutOff, { once: true });
    this.#queue.push(waiting);
    if (this.#queue.length === 1) this.#sendFirst();
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', cutOff);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#kill();
    for (const { reject } of this.#queue.splice(0)) reject(closed());
  }

  #cutOff(waiting: Waiting, reason: unknown): void {
    const at = this.#queue.indexOf(waiting);
    if (at === 0) this.#endChild(reason);
    else if (at > 0) this.#queue.splice(at, 1)[0]!.reject(reason);
  }

  /** Gives the first query to the process; one that cannot be given fails, and the next is tried. */
  #sendFirst(): void {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      try {
        this.#running().send(first.query);
        return;
      } catch (error) {
        this.#kill();
        this.#queue.shift();
        first.reject(new SqliteError(`the process of the database cannot be used (${(error as Error).message})`, 0));
      }
    }
  }

  #running(): ChildProcess {
    if (this.#child !== undefined) return this.#child;
    const script = new URL(`./sqlite.child${extname(fileURLToPath(import.meta.url))}`, import.meta.url);
    const child = fork(script, [JSON.stringify({ ...this.setup, parentPid: process.pid })], {
      serialization: 'advanced',
      execArgv: ['--no-warnings'],
    });
    child.unref();
    child.channel?.unref();
    child.on('message', (answer: SqliteAnswer) => {
      if (child === this.#child) this.#settle(answer);
    });
    const onEnd = (how: unknown) => {
      if (child === this.#child)
        this.#endChild(new SqliteError(`the process of the database ended (${String(how)})`, 0));
    };
    child.on('error', (error) => onEnd(error.message));
    child.on('exit', (code, killedBy) => onEnd(killedBy ?? code));
    this.#child = child;
    return child;
  }

  #settle(answer: SqliteAnswer): void {
    const first = this.#queue.shift();
    if (answer.ok) first?.resolve(answer.result);
    else first?.reject(new SqliteError(answer.message, answer.code));
    this.#sendFirst();
  }

  /** Ends the process with the query under way; those that wait get a new one. */
  #endChild(reason: unknown): void {
    this.#kill();
    this.#queue.shift()?.reject(reason);
    this.#sendFirst();
  }

  #kill(): void {
    const child = this.#child;
    this.#child = undefined;
    child?.kill('SIGKILL');
  }
}

function closed(): SqliteError {
  return new SqliteError('the database was closed', 0);
}
