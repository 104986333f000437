import { CompiledQuery, type Compilable, type Kysely } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { Tables } from './tables.js';

/** Sizes of batches whose SQL is remembered; a steady load has few. */
const MAX_SIZES = 64;

/**
 * A statement on many rows whose SQL is made once for each number of rows: making it costs more than all the rest of a batch.
 * One is for one database.
 *
 * @param build makes the query; its parameters must be those of the rows, column by column, and then `more` of them
 */
export class BatchStatement<Row extends object, Returned> {
  readonly #queries = new LRUCache<number, string>({ max: MAX_SIZES });

  constructor(
    private readonly columns: readonly (keyof Row)[],
    private readonly build: (db: Kysely<Tables>, rows: readonly Row[], ...more: readonly number[]) => Compilable,
  ) {}

  /** What the statement returns. */
  async run(db: Kysely<Tables>, rows: readonly Row[], ...more: readonly number[]): Promise<Returned[]> {
    const parameters: unknown[] = [];
    for (const row of rows) for (const column of this.columns) parameters.push(row[column]);
    parameters.push(...more);
    const sql = this.#queries.get(rows.length) ?? this.#compile(db, rows, more);
    const { rows: returned } = await db.executeQuery<Returned>(CompiledQuery.raw(sql, parameters));
    return returned;
  }

  #compile(db: Kysely<Tables>, rows: readonly Row[], more: readonly number[]): string {
    const { sql, parameters } = this.build(db, rows, ...more).compile();
    if (parameters.length !== rows.length * this.columns.length + more.length)
      throw new Error('the query has other parameters than its rows');
    this.#queries.set(rows.length, sql);
    return sql;
  }
}
