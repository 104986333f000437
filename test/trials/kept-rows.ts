import { DatabaseSync } from 'node:sqlite';
import type { TestPostgres } from '../support/postgres.js';

/** What the store holds of a message: the bytes of the answer, null while it is open. */
export interface KeptRow {
  readonly message_id: string;
  readonly answer: string | null;
}

export interface Kept {
  readonly rows: readonly KeptRow[];
  /** What the database says of itself; empty when all is well. */
  readonly damage: readonly string[];
}

const ROWS = 'SELECT message_id, answer FROM decisions';

export function readSqlite(path: string): Kept {
  const database = new DatabaseSync(path);
  try {
    const rows = database.prepare(ROWS).all() as unknown as KeptRow[];
    const said = database
      .prepare('PRAGMA integrity_check')
      .all()
      .map((row) => String(row['integrity_check']));
    return { rows, damage: said.filter((text) => text !== 'ok') };
  } finally {
    database.close();
  }
}

/** `amcheck` reads every index against its table, and every page of the tables. */
export async function readPostgres(postgres: TestPostgres): Promise<Kept> {
  await postgres.run('CREATE EXTENSION IF NOT EXISTS amcheck');
  const inPublic = `relnamespace = 'public'::regnamespace`;
  await postgres.run(`SELECT bt_index_parent_check(oid, true) FROM pg_class WHERE relkind = 'i' AND ${inPublic}`);
  const damage = await postgres.run(
    `SELECT relname, msg FROM pg_class, verify_heapam(oid) WHERE relkind = 'r' AND ${inPublic}`,
  );
  return {
    rows: (await postgres.run(ROWS)) as unknown as KeptRow[],
    damage: damage.map((row) => `${String(row['relname'])}: ${String(row['msg'])}`),
  };
}
