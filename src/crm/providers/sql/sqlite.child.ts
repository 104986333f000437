import { statSync } from 'node:fs';
import { extname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import type { SqliteAnswer, SqliteQuery, SqliteReady, SqliteSetup } from './sqlite-protocol.ts';

/**
 * Runs the operator's queries in a process of its own: node:sqlite is synchronous and cannot be interrupted, not even by
 * ending a thread, but a process can be killed. Only erasable types and built-in modules here, so that Node runs the file as
 * it stands, from src or dist.
 */
const { path, statements, parentPid } = JSON.parse(process.argv[2] ?? '{}') as SqliteSetup;
const prepared = new Map<string, StatementSync>();
let database: DatabaseSync | undefined;
/** Which file is open: device and inode. */
let openFile: string | undefined;

const watchdog = new URL(`./sqlite.watchdog${extname(import.meta.filename)}`, import.meta.url);
new Worker(watchdog, { workerData: parentPid }).unref();

process.on('message', (query: SqliteQuery) => process.send?.(answer(query)));
process.send?.('ready' satisfies SqliteReady);
process.on('disconnect', () => process.exit(0));
// Ctrl+C in a terminal reaches the whole group; deliveries in flight may still need an answer from here.
process.on('SIGINT', () => undefined);

function answer({ id, statement, parameters, maxRows }: SqliteQuery): SqliteAnswer {
  try {
    const running = prepare(statement);
    const rows: Record<string, unknown>[] = [];
    for (const row of running.iterate(parameters)) {
      rows.push({ ...(row as Record<string, unknown>) });
      if (rows.length === maxRows) break;
    }
    return { id, ok: true, result: { columns: running.columns().map(({ name }) => name), rows } };
  } catch (error) {
    const { message, errcode } = error as Error & { errcode?: number };
    return { id, ok: false, message, code: errcode ?? 0 };
  }
}

function prepare(name: string): StatementSync {
  const current = currentDatabase();
  const known = prepared.get(name);
  if (known !== undefined) return known;
  const statement = current.prepare(statements[name] ?? '');
  statement.setAllowUnknownNamedParameters(true);
  statement.setReadBigInts(true);
  prepared.set(name, statement);
  return statement;
}

/** The database at the path, opened anew when another was renamed over it: the one that is open would be read for ever. */
function currentDatabase(): DatabaseSync {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  const file = stats && `${stats.dev} ${stats.ino}`;
  if (database !== undefined && (file === undefined || file === openFile)) return database;
  prepared.clear();
  database?.close();
  database = undefined;
  database = new DatabaseSync(path, { readOnly: true, timeout: 1000 });
  openFile = file;
  return database;
}
