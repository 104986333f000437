import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { TestPostgres } from '../support/postgres.js';
import { describeSends } from './sends.contract.js';

const folder = mkdtempSync(join(tmpdir(), 'enricher-sends-'));
let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await TestPostgres.start();
});
afterAll(async () => {
  await postgres.close();
  rmSync(folder, { recursive: true, force: true });
});

describeSends('SQLite', () => `file:${join(folder, 'enricher.db')}`);
describeSends('PostgreSQL', () => postgres.url());
