import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tempFolder } from './temp-folder.js';

/** A second or more of work for SQLite: long enough to do things meanwhile, and it ends by itself. */
export const SLOW_STEPS = 10_000_000;

const counting = (steps: number | string) =>
  `(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${steps}) SELECT count(*) FROM n)`;

/**
 * A `crm.json` with one "sql" provider that knows dana@northwind.example (gold) and finds senders whose local part is
 * "slow" (silver) only after so many steps; with Infinity it never ends.
 */
export function sqlCrm(lookup: Readonly<Record<string, unknown>> = {}, steps = SLOW_STEPS): object {
  const path = join(tempFolder(), 'customers.db');
  const database = new DatabaseSync(path);
  database.exec(`
    CREATE TABLE customers (email TEXT, tier TEXT);
    INSERT INTO customers VALUES ('dana@northwind.example', 'gold'), ('slow@northwind.example', 'silver');
  `);
  database.close();
  const limit = Number.isFinite(steps) ? steps : '9e999';
  const byEmail = `SELECT tier FROM customers WHERE email = :email AND (:local <> 'slow' OR ${counting(limit)} > 0)`;
  return {
    providers: [{ name: 'crm', type: 'sql', url: `file:${path}`, byEmail, fields: { tier: 'tier' } }],
    lookup,
  };
}
