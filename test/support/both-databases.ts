import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { TestPostgres } from './postgres.js';

export type DescribeDatabase = (database: string, url: () => string, how: { readonly isShared: boolean }) => void;

/** What the store does on SQLite, for one process, and on PostgreSQL, for several. `url` may be asked when tests run. */
export function onBothDatabases(describeIt: DescribeDatabase): void {
  const folder = mkdtempSync(join(tmpdir(), 'enricher-store-'));
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await TestPostgres.start();
  });
  afterAll(async () => {
    await postgres.close();
    rmSync(folder, { recursive: true, force: true });
  });
  describeIt('SQLite', () => `file:${join(folder, 'data', 'enricher.db')}`, { isShared: false });
  describeIt('PostgreSQL', () => postgres.url(), { isShared: true });
}
