import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { beforeAll, expect, test } from '@jest/globals';
import { CLI } from '../support/run-cli.js';
import { sampleDelivery } from '../support/sample-delivery.js';
import { buildService } from '../support/service-process.js';
import { tempFolder } from '../support/temp-folder.js';

const RULE = {
  name: 'vip',
  conditions: { all: [{ fact: 'customer.tier', operator: 'equal', value: 'gold' }] },
  actions: [{ type: 'tag', value: { tags: ['VIP'] } }],
};
const FILES = {
  'rules/vip.json': JSON.stringify({ rules: [RULE] }),
  'faulty/vip.json': JSON.stringify({ rules: [{ ...RULE, conditions: {} }] }),
  'config/crm.json': JSON.stringify({ providers: [{ name: 'crm', type: 'file', path: './customers.json' }] }),
  'config/customers.json': '[]',
  'message.json': JSON.stringify(sampleDelivery()),
};
const COMMANDS: readonly (readonly [command: string, code: number])[] = [
  ['--help', 0],
  ['decisions --help', 0],
  ['--version', 0],
  ['simulate --message message.json', 0],
  ['simulate --message message.json --full', 0],
  ['crm lookup dana@northwind.example', 0],
  ['test', 0],
  ['check --offline', 0],
  ['check --offline --rules faulty', 1],
  ['test --watch', 0],
];

beforeAll(buildService, 120_000);

async function run(command: string, output: 'pipe' | number) {
  const stdio: ('ignore' | 'pipe' | number)[] = ['ignore', output, 'pipe'];
  const child = spawn(process.execPath, [CLI, ...command.split(' ')], { env: {}, cwd: tempFolder(FILES), stdio });
  child.stdout?.destroy();
  const [stderr, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')]);
  return { code: code as number | null, stderr };
}

test.each(COMMANDS)('"%s" that nobody reads ends with %d, quietly', async (command, code) => {
  expect(await run(command, 'pipe')).toEqual({ code, stderr: '' });
});

test.each(COMMANDS)('"%s" on a full disk says so in one line and ends with 3', async (command) => {
  const full = openSync('/dev/full', 'w');
  const ended = run(command, full);
  closeSync(full);
  expect(await ended).toEqual({ code: 3, stderr: 'Cannot write to standard output: ENOSPC\n' });
});
