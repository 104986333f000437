import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { TestPostgres } from '../support/postgres.js';
import { describeDecisionStore } from './decision-store.contract.js';

const folder = mkdtempSync(join(tmpdir(), 'enricher-store-'));
let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await TestPostgres.start();
});
afterAll(async () => {
  await postgres.close();
  rmSync(folder, { recursive: true, force: true });
});

describeDecisionStore('SQLite', () => `file:${join(folder, 'data', 'enricher.db')}`, { isShared: false });
describeDecisionStore('PostgreSQL', () => postgres.url(), { isShared: true });
