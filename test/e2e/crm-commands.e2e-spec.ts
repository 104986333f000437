import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import { changes, customersDatabase, listingCrm, listingRestCrm, page } from '../support/listing-crm.js';
import { type CliRun, CLI, runCli } from '../support/run-cli.js';
import { answer, hang, ScriptedServer } from '../support/scripted-server.js';
import { tempFolder, writeFiles } from '../support/temp-folder.js';
import { until } from '../support/until.js';

const RULE = {
  name: 'vip',
  conditions: {
    all: [
      { fact: 'customer.tier', operator: 'equal', value: 'gold' },
      { fact: 'customer.score', operator: 'greaterThan', value: { fact: 'customer.limit' } },
    ],
  },
  actions: [{ type: 'tag', value: { tags: ['{{ customer.region | upcase }}'] } }],
};
const FILE = { name: 'customers', type: 'file', path: './customers.csv' };

/** A project with these providers; without rules of its own it has none. */
function project(
  providers: readonly object[],
  { rules = [], lookup = {} }: { readonly rules?: readonly object[]; readonly lookup?: object } = {},
): string {
  return tempFolder({
    'rules/rules.json': JSON.stringify({ rules }),
    'config/crm.json': JSON.stringify({ providers, lookup }),
    'config/customers.csv': 'email,domain,tier,region\ndana@northwind.example,,gold,north\n,acme.example,silver,\n',
  });
}

const providersOf = (crm: object) => (crm as { providers: object[] }).providers;
const crm = (args: readonly string[], cwd: string) => runCli(['crm', ...args], {}, cwd);
const plain = ({ stdout }: CliRun) => stdout.replaceAll(/[\d.]+ ms/g, 'n ms');

describe('enricher crm check', () => {
  const FIELDS = { tier: 'tier', score: 'tier', limit: 'tier', region: 'region' };

  test('says that all is well: every provider answers, and all fields that rules read are mapped', async () => {
    const run = await crm(['check'], project([{ ...FILE, fields: FIELDS }], { rules: [RULE] }));
    expect([plain(run), run.code]).toEqual(['customers  file  ok  n ms\n', 0]);
  });

  test('lists fields that rules read and nobody maps, and such that are mapped for nothing', async () => {
    await using server = await ScriptedServer.start(answer(200, {}));
    const fields = { tier: 'tier', regoin: 'region' };
    const rest = { ...providersOf(listingRestCrm(server))[0], fields: { score: 'score', spare: 'x' } };
    const run = await crm(['check'], project([{ ...FILE, fields }, rest], { rules: [RULE] }));
    expect([plain(run).split('\n'), run.code]).toEqual([
      [
        'customers  file  ok  n ms',
        'rest       http  ok  n ms',
        'rules read "limit", and no provider maps it',
        'rules read "region", and no provider maps it, did you mean "regoin"?',
        '"customers" does not map what rules read: score',
        '"customers" maps what no rule reads: regoin',
        '"rest" does not map what rules read: tier',
        '"rest" maps what no rule reads: spare',
        '',
      ],
      1,
    ]);
  });

  test.each([
    ['refuses us', answer(401, { code: 'BAD_TOKEN' }), 'misconfigured'],
    ['is down', answer(503), 'unavailable'],
  ])('names a provider that %s, and why', async (_, step, state) => {
    await using server = await ScriptedServer.start(step);
    const run = await crm(['check', '--format', 'json'], project(providersOf(listingRestCrm(server))));
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stdout)).toMatchObject({
      ok: false,
      providers: [{ name: 'rest', type: 'http', state, message: expect.stringMatching(/\S/), mapped: ['tier'] }],
      unmapped: [],
    });
  });

  test('names a field that the source does not have', async () => {
    const { stdout, code } = await crm(['check'], project([{ ...FILE, fields: { tier: 'teir' } }]));
    expect(stdout).toMatch(/customers {2}file {2}misconfigured .*"teir"/);
    expect(code).toBe(1);
  });

  test('knows that a provider without fields maps everything, and that a rule may take everything', async () => {
    const whole = { ...RULE, actions: [{ type: 'tag', value: { tags: ['{{ customer | json }}'] } }] };
    const run = await crm(['check'], project([FILE], { rules: [whole] }));
    expect([plain(run).split('\n'), run.code]).toEqual([
      ['customers  file  ok  n ms', 'rules take the record as a whole, so that any field may be read', ''],
      0,
    ]);
  });

  test('says when the rules cannot be read', async () => {
    const cwd = project([FILE]);
    writeFiles(cwd, { 'rules/rules.json': '{' });
    const { stdout, code } = await crm(['check'], cwd);
    expect(stdout).toContain('the rules are not usable');
    expect(code).toBe(1);
  });

  test('of no provider is fine', async () => {
    expect(await crm(['check'], project([]))).toMatchObject({ code: 0, stdout: 'no provider is configured\n' });
  });

  test('cannot run with a broken configuration', async () => {
    const cwd = project([{ type: 'fiel' }]);
    expect(await crm(['check'], cwd)).toMatchObject({ code: 3, stderr: expect.stringContaining('unknown provider') });
  });
});

describe('enricher crm lookup', () => {
  test('prints the record, who gave it, and every step', async () => {
    const run = await crm(['lookup', 'Kim+Claims@Acme.example'], project([FILE]));
    expect([plain(run), run.code]).toEqual([
      `Customer found by domain in "customers", asked now, n ms
  domain  "acme.example"
  tier    "silver"

Asked:
  customers  by address  kim+claims@acme.example  not found  n ms
  customers  by address  kim@acme.example         not found  n ms
  customers  by domain   acme.example             found      n ms
`,
      0,
    ]);
  });

  test('says the same as JSON, for programs', async () => {
    const { stdout } = await crm(['lookup', 'dana@northwind.example', '--format', 'json'], project([FILE]));
    expect(JSON.parse(stdout)).toEqual({
      address: 'dana@northwind.example',
      customer: { email: 'dana@northwind.example', tier: 'gold', region: 'north' },
      lookup: {
        state: 'found',
        matchedBy: 'email',
        source: 'customers',
        stale: false,
        ageSeconds: 0,
        incomplete: false,
      },
      milliseconds: expect.any(Number),
      steps: [
        {
          provider: 'customers',
          by: 'email',
          key: 'dana@northwind.example',
          answer: 'found',
          message: null,
          milliseconds: expect.any(Number),
        },
      ],
      lastKnown: [],
      storeFault: null,
    });
  });

  test('of somebody whom nobody knows is fine, too', async () => {
    const { stdout, code } = await crm(['lookup', 'nobody@nowhere.example'], project([FILE]));
    expect(stdout).toMatch(/^No CRM record for the sender, /);
    expect(code).toBe(0);
  });

  test('shows each try at a provider that is down, and exits with 1', async () => {
    await using server = await ScriptedServer.start(answer(503));
    const run = await crm(['lookup', 'dana@northwind.example'], project(providersOf(listingRestCrm(server))));
    expect(run.stdout).toMatch(/^The CRM is unavailable, /);
    expect(run.stdout.match(/rest {2}by address {2}dana@northwind\.example {2}unavailable .*503/g)).toHaveLength(2);
    expect(run.code).toBe(1);
  });

  test('shows a call that was cut off', async () => {
    await using server = await ScriptedServer.start(hang);
    const cwd = project(providersOf(listingRestCrm(server, { timeoutMs: 300 })));
    const { stdout } = await crm(['lookup', 'dana@northwind.example'], cwd);
    expect(stdout).toMatch(/rest {2}by address {2}dana@northwind\.example {2}(no answer|unavailable) +\d+(\.\d)? ms/);
  });

  test('takes the last known record when nobody answers, and writes nothing', async () => {
    const cwd = project([]);
    const path = customersDatabase(cwd, 3);
    writeFiles(cwd, { 'config/crm.json': JSON.stringify(listingCrm(path)) });
    expect((await crm(['prefetch'], cwd)).code).toBe(0);
    const asked = await crm(['lookup', 'p1@people.example'], cwd);
    expect(plain(asked)).toMatch(/asked now, n ms\n {2}tier {2}"t1"\n/);
    expect(asked.stdout).toMatch(
      /\nWould stand in for a provider that does not answer:\n {2}crm {2}by address {2}p1@people\.example {2}\d+ s old\n$/,
    );

    const database = new DatabaseSync(path);
    database.exec('DROP TABLE customers');
    database.close();
    const before = rows(cwd);
    const { stdout, code } = await crm(['lookup', 'p1@people.example'], cwd);
    expect(stdout).toMatch(
      /^Customer found by last known record in "crm", \d+ s old \(stale\), .* ms\n {2}tier {2}"t1"\n/,
    );
    expect(code).toBe(0);
    expect(rows(cwd)).toEqual(before);
  });

  test('makes no database', async () => {
    const cwd = project([FILE]);
    await crm(['lookup', 'dana@northwind.example'], cwd);
    expect(existsSync(join(cwd, 'data'))).toBe(false);
  });

  test.each([['dana'], [''], ['dana@'], ['a b@c.example']])('%j is no address: usage error', async (address) => {
    const { code, stderr } = await crm(['lookup', address], project([FILE]));
    expect([code, stderr]).toEqual([2, expect.stringContaining('error: <address> is no e-mail address')]);
  });
});

function rows(cwd: string): unknown[] {
  const database = new DatabaseSync(join(cwd, 'data', 'enricher.db'), { readOnly: true });
  const found = database.prepare('SELECT * FROM customers ORDER BY id').all();
  database.close();
  return found;
}

describe('enricher crm prefetch', () => {
  const DANA = { email: 'dana@northwind.example', tier: 'gold' };

  test('brings everybody, then those who changed, and everybody again when told', async () => {
    const cwd = project([]);
    const path = customersDatabase(cwd, 1_200);
    writeFiles(cwd, { 'config/crm.json': JSON.stringify(listingCrm(path)) });
    const first = await crm(['prefetch'], cwd);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^crm: 1,200 customers, 3 pages, \d+\.\d s\n$/);
    expect(rows(cwd)).toHaveLength(1_200);
    expect((await crm(['prefetch', '--provider', 'crm'], cwd)).stdout).toMatch(/^crm: 0 customers, 1 page, /);
    expect((await crm(['prefetch', '--full'], cwd)).stdout).toMatch(/^crm: 1,200 customers, 3 pages, /);
  });

  test('goes on with the next provider when one fails, and exits with 1', async () => {
    await using server = await ScriptedServer.start(changes(answer(403, { code: 'MISSING_SCOPE' })));
    const cwd = project([]);
    const path = customersDatabase(cwd, 3);
    const both = [listingRestCrm(server), listingCrm(path)].flatMap(providersOf);
    writeFiles(cwd, { 'config/crm.json': JSON.stringify({ providers: [FILE, ...both] }) });
    const { stdout, code } = await crm(['prefetch'], cwd);
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^rest: gave up after 0 customers, 0 pages, .*; the next run goes on there$/),
      expect.stringMatching(/^crm: 3 customers, 1 page, /),
      '',
    ]);
    expect(code).toBe(1);
  });

  test('keeps its place when it is interrupted', async () => {
    const kim = { email: 'kim@northwind.example', tier: 'silver' };
    await using server = await ScriptedServer.start(changes(page([DANA], 'second'), hang, page([kim], null)));
    const cwd = project(providersOf(listingRestCrm(server)));
    const child = spawn(process.execPath, [CLI, 'crm', 'prefetch'], {
      cwd,
      env: {},
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    await until('the second page is asked for', () => server.seen.length === 2);
    child.kill('SIGINT');
    expect(await ended).toBe(1);
    expect(output).toMatch(/^rest: stopped after 1 customer, 1 page, .*; the next run goes on there\n$/);
    const again = await crm(['prefetch'], cwd);
    expect(again.stdout).toMatch(/^rest: 2 customers, 1 page since it went on, /);
    expect(again.code).toBe(0);
    expect(rows(cwd)).toHaveLength(2);
  });

  test.each<[string, readonly string[], object, number, RegExp]>([
    [
      'of a provider that is none',
      ['--provider', 'hubspt'],
      {},
      2,
      /there is no provider "hubspt" \(there are customers\)/,
    ],
    ['of what cannot be listed', [], {}, 3, /"customers": none can list its customers/],
    ['of nothing to keep', [], { lastKnownDays: 0 }, 3, /nothing that is fetched would be kept/],
  ])('%s cannot run', async (_, args, lookup, code, reason) => {
    const run = await crm(['prefetch', ...args], project([FILE], { lookup }));
    expect([run.code, run.stderr]).toEqual([code, expect.stringMatching(reason)]);
  });

  test('into a database that is none says so, and exits with 1', async () => {
    const cwd = project([]);
    const path = customersDatabase(cwd, 3);
    writeFiles(cwd, {
      'config/crm.json': JSON.stringify(listingCrm(path)),
      'data/enricher.db': 'this is no database, but it is long enough to be taken for one. '.repeat(20),
    });
    const { code, stdout, stderr } = await crm(['prefetch'], cwd);
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('cannot be kept: ./data/enricher.db: file is not a database'),
    ]);
    expect(stderr).toContain('file is not a database');
    expect(readdirSync(join(cwd, 'data'))).toContain('enricher.db');
  });
});
