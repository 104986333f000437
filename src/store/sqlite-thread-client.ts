import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { SqliteClosing, SqliteReplies, SqliteReply, SqliteRequest, SqliteThreadSetup } from './sqlite-protocol.js';

type Answered = Extract<SqliteReply, { ok: true }>;

/** A statement that SQLite refused, or a thread that ended. */
class SqliteFault extends Error {
  override readonly name = 'SqliteFault';

  /** @param code SQLite's result code, 0 when it was not SQLite */
  constructor(
    message: string,
    readonly code: number,
  ) {
    super(message);
  }
}

/** The store's SQLite file, in a thread that is started at the first statement and again after it ended. Statements run in their order. */
export class SqliteThreadClient {
  #worker: Worker | undefined;
  #nextId = 0;
  #isClosed = false;
  readonly #waiting = new Map<number, { resolve: (reply: Answered) => void; reject: (error: SqliteFault) => void }>();
  /** Statements of one turn of the event loop travel together. */
  #outgoing: SqliteRequest[] = [];
  /** They run in their order: when this one has ended, all have. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param onClosed hears of it before those who wait do */
  constructor(
    private readonly setup: SqliteThreadSetup,
    private readonly onClosed: (why: SqliteClosing) => void = () => undefined,
  ) {}

  run(sql: string, parameters: SqliteRequest['parameters']): Promise<Answered> {
    if (this.#isClosed) return Promise.reject(new SqliteFault('the store was closed', 0));
    const { promise, resolve, reject } = Promise.withResolvers<Answered>();
    const id = this.#nextId++;
    this.#waiting.set(id, { resolve, reject });
    // Only an answer that somebody waits for keeps the process.
    this.#worker?.ref();
    this.#last = promise.catch(() => undefined);
    if (this.#outgoing.push({ id, sql, parameters }) === 1) queueMicrotask(() => this.#send());
    return promise;
  }

  /** Waits for the statements under way, then ends the thread. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#send();
    await this.#last;
    await this.#worker?.terminate();
  }

  #send(): void {
    const requests = this.#outgoing;
    this.#outgoing = [];
    if (requests.length > 0) this.#running().postMessage(requests);
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const script = new URL(`./sqlite.thread${extname(fileURLToPath(import.meta.url))}`, import.meta.url);
    const worker = new Worker(script, { workerData: this.setup, execArgv: ['--no-warnings'] });
    worker.on('message', ({ replies, closing }: SqliteReplies) => {
      if (closing !== null) this.onClosed(closing);
      for (const reply of replies) this.#settle(reply);
    });
    const onEnd = (how: string) => {
      if (worker !== this.#worker) return;
      this.#worker = undefined;
      this.onClosed('ended');
      const waiting = [...this.#waiting.values()];
      this.#waiting.clear();
      for (const { reject } of waiting) reject(new SqliteFault(`the thread of the store ended (${how})`, 0));
    };
    worker.on('error', (error: Error) => onEnd(error.message));
    worker.on('exit', (code) => onEnd(String(code)));
    this.#worker = worker;
    return worker;
  }

  #settle(reply: SqliteReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#worker?.unref();
    if (reply.ok) waiting?.resolve(reply);
    else waiting?.reject(new SqliteFault(reply.message, reply.code));
  }
}
