import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TestPostgres } from '../support/postgres.js';
import { buildService } from '../support/service-process.js';
import { type KillTrialReport, runKillTrial } from '../trials/kill-trial.js';

/** `npm run trial:kill` makes the long trial of it; `KILLS_SEED` repeats one. */
const KILLS = Number(process.env['KILLS'] ?? 4);
const KILLS_POSTGRES = Number(process.env['KILLS_POSTGRES'] ?? 3);
const SEED = Number(process.env['KILLS_SEED'] ?? Date.now() % 2 ** 31);

let postgres: TestPostgres;

beforeAll(async () => {
  await buildService();
  postgres = await TestPostgres.start();
}, 120_000);
afterAll(() => postgres.close());

function print(database: string, { wrong, ...report }: KillTrialReport): void {
  process.stdout.write(`kill -9, ${database}, seed ${SEED}: ${JSON.stringify(report)}, ${wrong.length} wrong\n`);
}

test(`${KILLS} kills of the service on SQLite under load lose nothing and change nothing`, async () => {
  const report = await runKillTrial({ kills: KILLS, seed: SEED, postgres: null });
  print('SQLite', report);
  expect(report.wrong).toEqual([]);
  expect(report.answers).toBeGreaterThan(KILLS);
}, 1_200_000);

test(`${KILLS_POSTGRES} kills of the service and of PostgreSQL under load lose nothing and change nothing`, async () => {
  const report = await runKillTrial({ kills: KILLS_POSTGRES, seed: SEED, postgres });
  print('PostgreSQL', report);
  expect(report.wrong).toEqual([]);
  expect(report.answers).toBeGreaterThan(KILLS_POSTGRES);
}, 1_200_000);
