import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { SqliteAnswer, SqliteQuery, SqliteWorkerData } from './sqlite-protocol.ts';

/**
 * Runs the operator's queries beside the event loop: node:sqlite is synchronous and cannot be interrupted, but this thread
 * can be ended. Only erasable types and built-in modules here, so that Node runs the file as it stands, from src or dist.
 */
const { path, statements } = workerData as SqliteWorkerData;
const prepared = new Map<string, StatementSync>();
let database: DatabaseSync | undefined;

parentPort!.on('message', (query: SqliteQuery) => parentPort!.postMessage(answer(query)));

function answer({ id, statement, parameters, maxRows }: SqliteQuery): SqliteAnswer {
  try {
    const rows: Record<string, unknown>[] = [];
    for (const row of prepare(statement).iterate(parameters)) {
      rows.push({ ...(row as Record<string, unknown>) });
      if (rows.length === maxRows) break;
    }
    return { id, ok: true, rows };
  } catch (error) {
    const { message, errcode } = error as Error & { errcode?: number };
    return { id, ok: false, message, code: errcode ?? 0 };
  }
}

function prepare(name: string): StatementSync {
  const known = prepared.get(name);
  if (known !== undefined) return known;
  database ??= new DatabaseSync(path, { readOnly: true, timeout: 1000 });
  const statement = database.prepare(statements[name]!);
  statement.setAllowUnknownNamedParameters(true);
  statement.setReadBigInts(true);
  prepared.set(name, statement);
  return statement;
}
