import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../support/free-port.js';
import { send, start } from '../support/http.js';
import { CLI } from '../support/run-cli.js';
import { sampleDelivery } from '../support/sample-delivery.js';
import { buildService } from '../support/service-process.js';
import { isReady, makeWorkspace, readiness, SECRET, type Workspace } from '../support/start-app.js';
import { until } from '../support/until.js';

const HEADERS = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' };
/** The mailbox has none of these: each delivery is told in lines of some 200 kB. */
const FIELDS = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`field${index}`.padEnd(100, 'x'), '1']));
const RULES = {
  'fields.json': {
    rules: [{ name: 'fields', conditions: { all: [] }, actions: [{ type: 'setCustomFields', value: FIELDS }] }],
  },
};
const MAILBOXES = { mailboxes: { 'claims@insurer.example': { customFields: [] } } };
const DELIVERIES = 60;

let workspace: Workspace;
let child: ChildProcess;

beforeAll(buildService, 120_000);
afterEach(() => {
  child.kill('SIGKILL');
  workspace.remove();
});

async function startService(output: 'pipe' | number): Promise<string> {
  const port = await freePort();
  const stdio: StdioOptions = ['ignore', output, output];
  workspace = makeWorkspace({ rules: RULES, mailboxes: MAILBOXES, env: { PORT: String(port) } });
  child = spawn(process.execPath, [CLI, 'start'], { env: workspace.env, cwd: workspace.folder, stdio });
  const url = `http://127.0.0.1:${port}`;
  await until('the service listens', () => isReady(url).catch(() => false));
  return url;
}

const OUTPUTS: readonly (readonly [string, () => Promise<string>])[] = [
  [
    'a full disk',
    async () => {
      const full = openSync('/dev/full', 'w');
      const url = await startService(full);
      closeSync(full);
      return url;
    },
  ],
  ['a reader that does not read', () => startService('pipe')],
  [
    'a reader that is gone',
    async () => {
      const url = await startService('pipe');
      child.stdout?.destroy();
      child.stderr?.destroy();
      return url;
    },
  ],
];

test.each(OUTPUTS)('a log that goes to %s changes no answer and holds nobody up', async (_, open) => {
  const url = await open();
  const webhook = `${url}/webhooks/emailgistics`;
  const deliver = (body: string) => send(webhook, { headers: HEADERS, body });
  for (let index = 0; index < DELIVERIES; index++) {
    const { status } = await deliver(JSON.stringify(sampleDelivery({ id: String(index) })));
    expect(status).toBe(200);
  }
  expect((await send(`${url}/health/live`, { method: 'GET' })).status).toBe(200);
  const { status, headers } = await deliver('{}');
  expect([status, headers['content-type']]).toEqual([400, expect.stringMatching(/^application\/problem\+json/)]);
  const { text } = await send(`${url}/metrics`, { method: 'GET' });
  expect(Number(/^enricher_log_lines_dropped_total (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(0);

  const half = start(webhook, { headers: HEADERS, body: JSON.stringify(sampleDelivery()), firstBytes: 20 });
  await until('a delivery is in flight', async () => (await readiness(url)).intake.inFlight === 1);
  child.kill('SIGINT');
  await until('it drains', async () => !(await isReady(url)));
  half.finish();
  expect((await half.answer).status).toBe(200);
  await until('the process ends', () => child.exitCode !== null || child.signalCode !== null);
  expect([child.exitCode, child.signalCode]).toEqual([0, null]);
});

test('a delivery in flight is answered when the reader of the log goes with the signal to stop', async () => {
  const url = await startService('pipe');
  const body = JSON.stringify(sampleDelivery());
  const half = start(`${url}/webhooks/emailgistics`, { headers: HEADERS, body, firstBytes: 20 });
  await until('a delivery is in flight', async () => (await readiness(url)).intake.inFlight === 1);
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.kill('SIGINT');
  await until('it drains', async () => !(await isReady(url)));
  half.finish();
  expect((await half.answer).status).toBe(200);
  await until('the process ends', () => child.exitCode !== null || child.signalCode !== null);
  expect([child.exitCode, child.signalCode]).toEqual([0, null]);
});
