import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { TestPostgres } from '../support/postgres.js';
import { runCli } from '../support/run-cli.js';
import { sampleDelivery } from '../support/sample-delivery.js';
import { buildService, ServiceProcess } from '../support/service-process.js';
import { makeWorkspace, RunningApp } from '../support/start-app.js';
import { tempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';

const tagging = (tag: string) => ({
  rules: [{ name: tag, conditions: { all: [] }, actions: [{ type: 'tag', value: { tags: [tag] } }] }],
});
const GOOD = { 'a.json': tagging('Good') };
const BROKEN = { 'a.json': '{ "rules": [' };

let postgres: TestPostgres;

beforeAll(async () => {
  await buildService();
  postgres = await TestPostgres.start();
}, 120_000);
afterAll(() => postgres.close());
beforeEach(() => postgres.run('DROP SCHEMA public CASCADE; CREATE SCHEMA public'));

/** As a pod has it: nothing on its disk, and the store that all share. */
const newReplica = () => ({ DATA_DIR: tempFolder(), DATABASE_URL: postgres.url() });

async function startFirst(): Promise<{ app: RunningApp; revision: string }> {
  const app = await RunningApp.start({ rules: GOOD, env: newReplica() });
  const { revision } = (await app.readiness()).rules;
  const kept = () => postgres.run('SELECT revision FROM rule_sets').catch(() => []);
  await until('its rules are kept', async () => (await kept())[0]?.['revision'] === revision);
  return { app, revision };
}

test('a new replica with broken rules and an empty disk runs what another one accepted last', async () => {
  const { app, revision } = await startFirst();
  await using first = app;
  await using second = await RunningApp.start({ rules: BROKEN, env: newReplica() });
  const { status, rules } = await second.readiness();
  expect([status, rules.revision]).toEqual([200, revision]);
  expect(rules.lastRejected?.faults).toMatchObject([{ file: join(second.workspace.rulesDir, 'a.json') }]);
  const { text } = await second.deliver(sampleDelivery());
  expect(JSON.parse(text)).toMatchObject({ actions: [{ value: { tags: ['Good'] } }] });
  expect((await first.readiness()).rules).toMatchObject({ revision, lastRejected: null });
});

test('a new replica with broken rules is refused when the store cannot be asked, and the others go on', async () => {
  const { app } = await startFirst();
  await using first = app;
  const { env, folder, remove } = makeWorkspace({ rules: BROKEN, env: newReplica() });
  await postgres.stop();
  try {
    const refused = await ServiceProcess.start(env, folder).catch(String);
    expect(refused).toContain('ended with 3');
    expect(refused).toContain('have 1 fault(s), and the store could not be asked for the set that was accepted last: ');
    expect(refused).toContain('a.json:1:13');
    expect((await first.deliver(sampleDelivery())).status).toBe(200);
  } finally {
    await postgres.restart();
    remove();
  }
});

test('the first replica of all is refused with broken rules', async () => {
  const { env, folder, remove } = makeWorkspace({ rules: BROKEN, env: newReplica() });
  const refused = await ServiceProcess.start(env, folder).catch(String);
  expect(refused).toContain('ended with 3');
  expect(refused).toContain('a.json:1:13');
  remove();
});

test('"enricher rules diff" compares a folder with what the replicas accepted last', async () => {
  const { app, revision } = await startFirst();
  await using _ = app;
  const folder = tempFolder({ 'a.json': JSON.stringify(tagging('New')) });
  const diff = (...more: string[]) =>
    runCli(['rules', 'diff', ...more], { ...newReplica(), RULES_DIR: folder }, folder);
  expect(await diff()).toMatchObject({
    code: 1,
    stdout: `running: revision ${revision}; new: ${folder}\n  - rule "Good"\n  + rule "New"\n`,
  });
  expect(await diff('--rules', app.workspace.rulesDir)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('no difference'),
  });
});

test('"enricher rules diff" makes no store where there is none', async () => {
  const cwd = tempFolder({ 'rules/a.json': JSON.stringify(GOOD['a.json']) });
  const { code, stderr } = await runCli(['rules', 'diff'], {}, cwd);
  expect([code, stderr]).toEqual([3, expect.stringContaining('start the service once')]);
  expect(existsSync(join(cwd, 'data'))).toBe(false);
});
