import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { SqliteReply, SqliteRequest, SqliteThreadSetup } from './sqlite-protocol.ts';

/**
 * Holds the store's SQLite file in a thread of its own: node:sqlite is synchronous, and the disk must not hold up deliveries. Only erasable
 * types and built-in modules here, so that Node runs the file as it stands, from src or dist.
 */
const { path } = workerData as SqliteThreadSetup;
/** Another process writes, such as a command. */
const BUSY_TIMEOUT_MS = 1_000;
const MAX_PREPARED = 200;

let database: DatabaseSync | undefined;
const prepared = new Map<string, { readonly statement: StatementSync; readonly hasRows: boolean }>();

parentPort?.on('message', (requests: readonly SqliteRequest[]) => parentPort?.postMessage(requests.map(reply)));

function reply({ id, sql, parameters }: SqliteRequest): SqliteReply {
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
    return { id, ok: false, message, code: errcode ?? 0 };
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
  if (database !== undefined) return database;
  mkdirSync(dirname(path), { recursive: true });
  const opened = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    // Who writes to the mailbox is nobody else's affair.
    chmodSync(path, 0o600);
    // FULL: a committed decision survives the power, not only the process.
    opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
  } catch (error) {
    opened.close();
    throw error;
  }
  database = opened;
  return opened;
}
