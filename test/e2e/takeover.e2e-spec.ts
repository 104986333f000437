import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { changes, listingRestCrm, page } from '../support/listing-crm.js';
import { TestPostgres } from '../support/postgres.js';
import { hang, ScriptedServer } from '../support/scripted-server.js';
import { buildService, ServiceProcess } from '../support/service-process.js';
import { makeWorkspace } from '../support/start-app.js';
import { until } from '../support/until.js';
import { DECIDED_AT } from '../trials/rules.js';

const TAKEN_OVER_WITHIN_MS = 30_000;
const DANA = { email: 'dana@northwind.example', tier: 'gold' };
const KIM = { email: 'kim@northwind.example', tier: 'silver' };

let postgres: TestPostgres;

beforeAll(async () => {
  await buildService();
  postgres = await TestPostgres.start();
}, 120_000);
afterAll(() => postgres.close());

test('one replica fetches ahead; when it is killed, another goes on where it was within 30 s', async () => {
  await using crm = await ScriptedServer.start(changes(page([DANA], 'second'), hang, page([KIM], null)));
  const pages = () => crm.seen.filter(({ path }) => path.startsWith('/changes')).map(({ path }) => path);
  const { env, folder, remove } = makeWorkspace({
    rules: { 'rules.json': DECIDED_AT },
    crm: listingRestCrm(crm, { prefetchMinutes: 60 }),
    env: { DATABASE_URL: postgres.url() },
  });
  await using first = await ServiceProcess.start(env, folder);
  await until('the first replica asks for the second page', () => pages().length === 2);
  await using second = await ServiceProcess.start(env, folder);
  first.signal('SIGKILL');
  const killedAt = performance.now();
  await until('the second replica asks for it', () => pages().length === 3, TAKEN_OVER_WITHIN_MS);
  process.stdout.write(`pre-fetch taken over after ${((performance.now() - killedAt) / 1_000).toFixed(1)} s\n`);
  expect(pages()[2]).toContain('after=second');
  await until('all are fetched', () => second.output.includes('2 customers, 1 page since it went on'));
  remove();
}, 60_000);
