import { type Kysely, sql } from 'kysely';
import type { Tables } from './tables.js';

/**
 * Leaves nothing of what was deleted in a SQLite file and its WAL. With `secure_delete` alone, pages keep copies of rows that have moved to
 * others, so the file is written anew.
 *
 * @param folder that has room for a copy; where temporary files are kept otherwise it may be little, as a container's memory
 * @source sqlite.org/pragma.html#pragma_secure_delete, lang_vacuum.html
 */
export async function scrubSqlite(db: Kysely<Tables>, folder: string): Promise<void> {
  await sql`PRAGMA temp_store_directory = ${sql.lit(folder)}`.execute(db);
  await sql`VACUUM`.execute(db);
  const { rows } = await sql<{ busy: number }>`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db);
  if (rows[0]?.busy !== 0) throw new Error('others read or write the file all the time');
}
