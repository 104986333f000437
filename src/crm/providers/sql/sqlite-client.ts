import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonValue } from '../../../facts/facts.js';
import {
  type SqlClient,
  SqlError,
  type SqlParameters,
  type SqlResult,
  type StatementName,
  databaseClosed,
} from './sql-client.js';
import type { SqliteAnswer, SqliteQuery, SqliteReady, SqliteResult, SqliteSetup } from './sqlite-protocol.js';
import { finiteNumber } from './sql-values.js';

interface Waiting {
  readonly query: SqliteQuery;
  readonly resolve: (result: SqliteResult) => void;
  readonly reject: (error: unknown) => void;
}

const READY: SqliteReady = 'ready';

/**
 * A database in a process of its own, started at the first query and again after a query had to be cut off. It is given
 * one query at a time, so that cutting one off costs the others nothing but the new start.
 */
export class SqliteClient implements SqlClient {
  #child: ChildProcess | undefined;
  /** It has said that it is there; before that it has no query that could be cut off. */
  #isReady = false;
  #nextId = 0;
  #isClosed = false;
  /** The first is under way, the others wait for it. */
  readonly #queue: Waiting[] = [];

  constructor(private readonly setup: Omit<SqliteSetup, 'parentPid'>) {}

  async query(
    statement: StatementName,
    parameters: SqlParameters,
    maxRows: number,
    signal: AbortSignal,
  ): Promise<SqlResult> {
    signal.throwIfAborted();
    if (this.#isClosed) throw databaseClosed();
    const { promise, resolve, reject } = Promise.withResolvers<SqliteResult>();
    const query = { id: this.#nextId++, statement, parameters: toBound(parameters), maxRows };
    const waiting = { query, resolve, reject };
    const cutOff = () => this.#cutOff(waiting, signal.reason);
    signal.addEventListener('abort', cutOff, { once: true });
    this.#queue.push(waiting);
    if (this.#queue.length === 1) this.#sendFirst();
    try {
      return toResult(await promise);
    } finally {
      signal.removeEventListener('abort', cutOff);
    }
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#kill();
    for (const { reject } of this.#queue.splice(0)) reject(databaseClosed());
    return Promise.resolve();
  }

  #cutOff(waiting: Waiting, reason: unknown): void {
    const at = this.#queue.indexOf(waiting);
    if (at === 0 && this.#isReady) this.#endChild(reason);
    else if (at >= 0) this.#queue.splice(at, 1)[0]!.reject(reason);
  }

  /** Gives the first query to the process; one that cannot be given fails, and the next is tried. */
  #sendFirst(): void {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      try {
        const child = this.#running();
        if (this.#isReady) child.send(first.query);
        return;
      } catch (error) {
        this.#kill();
        this.#queue.shift();
        first.reject(
          new SqlError('unavailable', `the process of the database cannot be used (${(error as Error).message})`),
        );
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
    child.on('message', (answer: SqliteAnswer | SqliteReady) => {
      if (child !== this.#child) return;
      if (answer === READY) this.#begin();
      else this.#settle(answer);
    });
    const onEnd = (how: unknown) => {
      if (child === this.#child)
        this.#endChild(new SqlError('unavailable', `the process of the database ended (${String(how)})`));
    };
    child.on('error', (error) => onEnd(error.message));
    child.on('exit', (code, killedBy) => onEnd(killedBy ?? code));
    this.#child = child;
    return child;
  }

  #begin(): void {
    this.#isReady = true;
    this.#sendFirst();
  }

  #settle(answer: SqliteAnswer): void {
    const first = this.#queue.shift();
    if (answer.ok) first?.resolve(answer.result);
    else first?.reject(new SqlError(isPassing(answer.code) ? 'unavailable' : 'refused', answer.message));
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
    this.#isReady = false;
    child?.kill('SIGKILL');
  }
}

/** @source sqlite.org/rescode.html: 0 the process, 5 BUSY, 6 LOCKED, 7 NOMEM, 9 INTERRUPT, 10 IOERR, 17 SCHEMA; low byte of the extended code */
function isPassing(code: number): boolean {
  return [0, 5, 6, 7, 9, 10, 17].includes(code & 0xff);
}

function toBound(parameters: SqlParameters): Record<string, string | number> {
  const entries = Object.entries(parameters);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value instanceof Date ? value.toISOString() : value] as const),
  );
}

function toResult({ columns, rows }: SqliteResult): SqlResult {
  const toCells = (row: SqliteResult['rows'][number]) =>
    Object.fromEntries(Object.entries(row).map(([column, value]) => [column, toJson(value)] as const));
  return { columns, rows: rows.map(toCells) };
}

/** NULL is no value; integers beyond 2^53 become text, so that no digit is lost; blobs have no meaning for rules. */
function toJson(value: unknown): JsonValue | undefined {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (typeof value === 'number') return finiteNumber(value);
  return typeof value === 'string' ? value : undefined;
}
