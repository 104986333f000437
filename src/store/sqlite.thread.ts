import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { SqliteReplies, SqliteReply, SqliteRequest, SqliteThreadSetup } from './sqlite-protocol.ts';

/**
 * Holds the store's SQLite file in a thread of its own: node:sqlite is synchronous, and the disk must not hold up deliveries. Only erasable
 * types and built-in modules here, so that Node runs the file as it stands, from src or dist.
 */
const { path, isReadOnly } = workerData as SqliteThreadSetup;
const walPath = `${path}-wal`;
/** Another process writes, such as a command. */
const BUSY_TIMEOUT_MS = 1_000;
const MAX_PREPARED = 200;
/** @source SQLite's result codes */
const CODE = { ioError: 10, corrupt: 11, cannotOpen: 14, notADatabase: 26 } as const;
/** The connection may not get over these, though the file does. */
const DAMAGE: ReadonlySet<number> = new Set([CODE.ioError, CODE.corrupt, CODE.notADatabase]);

interface Opened {
  readonly database: DatabaseSync;
  readonly file: string | undefined;
  /** There from the first statement on. */
  wal: string | undefined;
}

let opened: Opened | undefined;
const prepared = new Map<string, { readonly statement: StatementSync; readonly hasRows: boolean }>();

parentPort?.on('message', (requests: readonly SqliteRequest[]) => parentPort?.postMessage(answer(requests)));

function answer(requests: readonly SqliteRequest[]): SqliteReplies {
  const replies: SqliteReply[] = [];
  for (const request of requests) {
    const reply = run(request);
    replies.push(reply);
    if (reply.ok || !DAMAGE.has(primary(reply.code))) continue;
    close();
    // What follows may be of the same transaction, which is over.
    const unanswered = requests.slice(replies.length).map(({ id }) => ({ ...reply, id }));
    return { replies: [...replies, ...unanswered], closing: 'damaged' };
  }
  // Looked for afterwards: what is said to be written is in the file that others see.
  if (opened === undefined || isInPlace(opened)) return { replies, closing: null };
  abandon(opened);
  const message = `${path}: the database file was deleted or replaced`;
  return { replies: requests.map(({ id }) => ({ id, ok: false, message, code: 0 })), closing: 'replaced' };
}

function run({ id, sql, parameters }: SqliteRequest): SqliteReply {
  try {
    const { statement, hasRows } = prepare(sql);
    if (hasRows) {
      // Plain objects: those of node:sqlite have no prototype, which a copy to the other thread refuses.
      const rows = statement.all(...parameters).map((row) => ({ ...row }));
      return { id, ok: true, rows, changes: rows.length };
    }
    return { id, ok: true, rows: [], changes: Number(statement.run(...parameters).changes) };
  } catch (error) {
    const { message, errcode } = error as Error & { errcode?: number };
    // Those of the file system name the file.
    return errcode === undefined
      ? { id, ok: false, message, code: 0 }
      : { id, ok: false, message: `${path}: ${message}`, code: errcode };
  }
}

function prepare(sql: string) {
  const known = prepared.get(sql);
  if (known !== undefined) return known;
  const statement = open().prepare(sql);
  const made = { statement, hasRows: statement.columns().length > 0 };
  if (prepared.size >= MAX_PREPARED) prepared.clear();
  prepared.set(sql, made);
  return made;
}

function open(): DatabaseSync {
  if (opened !== undefined) return opened.database;
  const database = isReadOnly ? openToRead() : openToWrite();
  opened = { database, file: identityOf(path), wal: identityOf(walPath) };
  return database;
}

function openToWrite(): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    // Who writes to the mailbox is nobody else's affair.
    chmodSync(path, 0o600);
    // FULL: a committed decision survives the power, not only the process.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
    // What is deleted is overwritten.
    database.exec('PRAGMA secure_delete = ON;');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function openToRead(): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec('SELECT 1 FROM sqlite_schema');
    return database;
  } catch (error) {
    database.close();
    if (primary((error as { errcode?: number }).errcode ?? 0) !== CODE.cannotOpen) throw error;
  }
  // SQLite reads a WAL only with a file beside it, which a disk that is read-only does not take. An empty one need not be read.
  if ((statSync(walPath, { throwIfNoEntry: false })?.size ?? 0) > 0)
    throw new Error(
      `${path}: its folder cannot be written, and ${basename(walPath)} holds what is not in it yet; copy both to where they can be written`,
    );
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  return new DatabaseSync(url, { readOnly: true });
}

function isInPlace(one: Opened): boolean {
  const wal = identityOf(walPath);
  one.wal ??= wal;
  return identityOf(path) === one.file && wal === one.wal;
}

/** Closes a file that is not at its path any more, whole if it is elsewhere now. What it leaves beside the path would spoil the next one. */
function abandon({ database, wal }: Opened): void {
  const isWalOurs = wal !== undefined && identityOf(walPath) === wal;
  try {
    if (!isReadOnly) database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // It is lost as it is.
  }
  close();
  if (isWalOurs && !isReadOnly) for (const beside of [walPath, `${path}-shm`]) rmSync(beside, { force: true });
}

function close(): void {
  const { database } = opened ?? {};
  opened = undefined;
  prepared.clear();
  database?.close();
}

function identityOf(file: string): string | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}

/** Without what an extended code adds. */
function primary(code: number): number {
  return code & 0xff;
}
