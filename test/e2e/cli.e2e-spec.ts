import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { tempFolder } from '../support/temp-folder.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = join(ROOT, 'dist/cli.js');

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command in a folder with nothing but what is given in its environment. */
function enricher(args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = ROOT): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { env, cwd }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

const RULE = {
  name: 'vip',
  conditions: { all: [{ fact: 'customer.tier', operator: 'equal', value: 'gold' }] },
  actions: [{ type: 'tag', value: { tags: ['VIP'] } }],
};

function project(files: Readonly<Record<string, string>> = {}): string {
  return tempFolder({
    'rules/vip.json': JSON.stringify({ rules: [RULE] }, null, 2),
    'config/crm.json': JSON.stringify({
      providers: [{ name: 'crm', type: 'file', path: './customers.csv', fields: { tier: 'tier' } }],
    }),
    'config/customers.csv': 'email,tier\ndana@northwind.example,gold\n',
    'message.json': JSON.stringify({
      id: '1',
      event: 'received',
      mailbox: 'claims@insurer.example',
      from: { emailAddress: { address: 'Dana@Northwind.example' } },
    }),
    ...files,
  });
}

describe('enricher check', () => {
  test('accepts the samples without a warning', async () => {
    const { code, stdout } = await enricher(['check']);
    expect(stdout).toMatch(/^0 errors, 0 warnings; \d+ rules in 3 files, revision [\da-f]{12}\n$/);
    expect(code).toBe(0);
  });

  test('prints every fault of rules, CRM configuration and environment, and exits with 1', async () => {
    const cwd = project({
      'rules/vip.json':
        '{ "rules": [\n  { "name": "a", "priority": 0, "conditions": { "any": [] }, "actions": [] }\n] }',
      'config/crm.json':
        '{ "providers": [{ "name": "crm", "type": "fiel", "path": "x.csv" }],\n  "lookup": { "onUnavailable": "wait" } }',
    });
    const { code, stdout } = await enricher(['check'], { PORT: 'x' }, cwd);
    expect(stdout).toContain('PORT: must be a whole number');
    expect(stdout).toContain(
      'config/crm.json:1:42  unknown provider type "fiel", did you mean "file"? (there are file, sql, http, ',
    );
    expect(stdout).toContain('config/crm.json:2:32  "onUnavailable" must be one of error, retry, not "wait"');
    expect(stdout).toContain(
      'rules/vip.json:2:30  "priority" must be a whole number of at least 1, not 0\n  2 |   { "name": "a", "priority": 0,',
    );
    expect(stdout).toContain('rules/vip.json:2:56  "any" of nothing can never hold');
    expect(stdout).toContain('5 errors, 0 warnings; the rules are not usable');
    expect(code).toBe(1);
  });

  test('warns of a field that no provider maps, and exits with 0', async () => {
    const cwd = project({
      'rules/vip.json': JSON.stringify({ rules: [RULE] }).replace('customer.tier', 'customer.teir'),
    });
    const { code, stdout } = await enricher(['check'], {}, cwd);
    expect(stdout).toContain('warning: no CRM provider maps "customer.teir", did you mean "customer.tier"?');
    expect(code).toBe(0);
  });

  test('prints JSON for tools', async () => {
    const cwd = project({ 'broken/a.json': '{ "rules": [' });
    const { code, stdout } = await enricher(['check', '--rules', 'broken', '--format', 'json'], {}, cwd);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      revision: null,
      environment: null,
      faults: [{ severity: 'error', file: 'broken/a.json', line: 1, column: 13 }],
    });
    expect(code).toBe(1);
  });

  test('names a secret that is not set, and no secret', async () => {
    const crm = { providers: [{ name: 'crm', type: 'file', path: '${env:CUSTOMERS_PATH}', fields: { tier: 'tier' } }] };
    const cwd = project({ 'config/crm.json': JSON.stringify(crm) });
    expect((await enricher(['check'], {}, cwd)).stdout).toContain('${env:CUSTOMERS_PATH} is not set');
    expect((await enricher(['check'], { CUSTOMERS_PATH: './customers.csv' }, cwd)).code).toBe(0);
  });
});

describe('enricher simulate', () => {
  test('prints the envelope and the verdict of each rule', async () => {
    const { code, stdout } = await enricher(['simulate', '--message', 'message.json'], {}, project());
    const [envelope, verdicts] = stdout.split('\n\n');
    expect(JSON.parse(envelope!)).toEqual({
      status: 'success',
      message: 'Customer found by address in "crm"; 1 action by 1 rule',
      actions: [{ type: 'tag', value: { tags: ['VIP'] } }],
    });
    expect(verdicts).toMatch(
      /matched +vip +\(rules\/vip\.json:3:5\)\n +customer\.tier is "gold"; the rule asks: equal "gold" +\(rules\/vip\.json:7:11\)/,
    );
    expect(code).toBe(0);
  });

  test('takes the customer from a file, or null for none', async () => {
    const cwd = project({ 'silver.json': '{ "tier": "silver" }', 'none.json': 'null' });
    const run = async (file: string) =>
      JSON.parse(
        (await enricher(['simulate', '--message', 'message.json', '--customer', file, '--format', 'json'], {}, cwd))
          .stdout,
      ) as unknown;
    expect(await run('silver.json')).toMatchObject({
      envelope: { status: 'success', message: 'Customer found by address in "given"; no rule acts on this message' },
      verdicts: [{ rule: 'vip', verdict: 'not_matched', why: { read: 'silver', wanted: 'gold' } }],
    });
    expect(await run('none.json')).toMatchObject({
      envelope: { message: 'No CRM record for the sender; no rule acts on this message' },
      lookup: { state: 'not_found' },
    });
  });

  test('prints every condition with --full, those included that decided nothing', async () => {
    const conditions = {
      any: [...RULE.conditions.all, { not: { fact: 'message.subject', operator: 'containsText', value: 'x' } }],
    };
    const cwd = project({ 'rules/vip.json': JSON.stringify({ rules: [{ ...RULE, conditions }] }) });
    const { stdout } = await enricher(['simulate', '--message', 'message.json', '--full'], {}, cwd);
    const tree = stdout.slice(stdout.indexOf('All conditions')).replaceAll(/ +\(rules\/vip\.json:1:\d+\)/g, '');
    expect(tree.split('\n')).toEqual([
      'All conditions, as json-rules-engine evaluates them:',
      '  vip',
      '    + any',
      '      + customer.tier is "gold"; asked: equal "gold"',
      '      + not',
      '        - message.subject is ""; asked: containsText "x"',
      '',
    ]);
  });

  test('evaluates at a given time', async () => {
    const rule = { ...RULE, validFrom: '2030-01-01', conditions: { all: [] } };
    const cwd = project({ 'rules/vip.json': JSON.stringify({ rules: [rule] }) });
    const run = async (now: string) =>
      (await enricher(['simulate', '--message', 'message.json', '--now', now], {}, cwd)).stdout;
    expect(await run('2029-12-31T23:59:59Z')).toContain('skipped      vip: outside dates');
    expect(await run('2030-01-01T00:00:00Z')).toContain('matched      vip');
  });

  test('says what a refused message lacks, and exits with 1', async () => {
    const cwd = project({ 'message.json': '{ "event": "received", "mailbox": 5, "from": "dana" }' });
    const { code, stdout } = await enricher(['simulate', '--message', 'message.json'], {}, cwd);
    expect(stdout.split('\n').map((line) => line.split(' ')[1])).toEqual(
      expect.arrayContaining(['id', 'mailbox', 'from']),
    );
    expect(code).toBe(1);
  });

  test.each([
    [['--message', 'nowhere.json'], /Cannot use nowhere\.json: ENOENT/],
    [['--message', 'rules'], /Cannot use rules: EISDIR/],
    [['--message', 'config/customers.csv'], /it is not valid JSON/],
    [['--message', 'message.json', '--customer', 'list.json'], /a customer is a JSON object, or null/],
    [['--message', 'message.json', '--rules', 'nowhere'], /cannot read the rules folder \(ENOENT\)/],
  ])('cannot run with %j: exit code 3, and no stack trace', async (args, reason) => {
    const { code, stderr } = await enricher(['simulate', ...args], {}, project({ 'list.json': '[]' }));
    expect(stderr).toMatch(reason);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(3);
  });
});

describe('enricher', () => {
  test.each([
    [['chekc'], "error: unknown command 'chekc'"],
    [['check', '--fromat', 'json'], "error: unknown option '--fromat'"],
    [['check', '--format', 'xml'], "error: option '--format <format>' argument 'xml' is invalid"],
    [['simulate'], "error: required option '--message <file>' not specified"],
    [
      ['simulate', '--message', 'samples/known-customer.json', '--now', 'noon'],
      'error: --now "noon" is not a time such as',
    ],
    [['address-hash', 'dana'], 'error: <address> is no e-mail address'],
    [['crm', 'lookup', 'dana'], 'error: <address> is no e-mail address'],
    [['decisions', 'list', '--sender', 'dana'], 'error: --sender is no e-mail address'],
    [['decisions', 'erase', '--sender', 'dana'], 'error: --sender is no e-mail address'],
    [['decisions', 'list', '--since', '1d', '--until', '2d'], 'error: --until 2d is not after --since 1d'],
    [['replay', '--until', '7d'], 'error: --until 7d is not after --since 7d'],
  ])('%j is a usage error: exit code 2, and what is wrong', async (args, told) => {
    const { code, stdout, stderr } = await enricher(args);
    expect(stderr).toContain(told);
    expect([code, stdout]).toEqual([2, '']);
  });

  test.each([[['--help']], [['--version']], [['check', '--help']]])('%j is none', async (args) => {
    expect((await enricher(args)).code).toBe(0);
  });

  test('--version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect((await enricher(['--version'])).stdout.trim()).toBe(version);
  });

  test('start refuses a broken configuration with everything that is wrong, exit code 3', async () => {
    const run = await enricher(['start'], { PORT: 'x', LOG_LEVEL: 'loud', NODE_ENV: 'production' }, project());
    expect(run.stderr).toMatch(/PORT: .*\n.*LOG_LEVEL: /);
    expect(run.code).toBe(3);
  });

  test('start tells of everything that keeps it from starting, not only of the first', async () => {
    const cwd = project({ 'rules/b.json': '{ "rulez": [] }', 'config/crm.json': '{ "providers": 5 }' });
    const { stderr, stdout, code } = await enricher(['start'], { PORT: 'x' }, cwd);
    for (const told of [
      'PORT: must be a whole number',
      'config/crm.json:1:16  "providers" must be a list',
      'rules/b.json:1:3  unknown key "rulez"',
    ]) {
      expect(stderr.split(told)).toHaveLength(2);
    }
    expect(stderr + stdout).not.toContain('    at ');
    expect(code).toBe(3);
  });

  test('start refuses to run in production without a secret', async () => {
    const run = await enricher(['start'], { NODE_ENV: 'production', PORT: '0' }, project());
    expect(run.stderr).toContain('WEBHOOK_SECRET or WEBHOOK_SECRET_FILE must be set in production');
    expect(run.code).toBe(3);
  });

  test('start says which variable may be misspelt when one is missing or wrong', async () => {
    const env = { NODE_ENV: 'production', PORT: '0', WEBHOOK_SECERT: 'a-secret-of-this-test' };
    const { code, stderr } = await enricher(['start'], env, project());
    expect(stderr).toContain('\nWEBHOOK_SECERT is no variable of the service, did you mean "WEBHOOK_SECRET"?\n');
    expect(stderr).not.toContain('a-secret');
    expect(code).toBe(3);
  });

  test('start refuses rules with faults, with their places', async () => {
    const run = await enricher(['start'], { PORT: '0' }, project({ 'rules/b.json': '{ "rulez": [] }' }));
    expect(run.stderr).toContain('rules/b.json:1:3  unknown key "rulez" in a rule file, did you mean "rules"?');
    expect(run.code).toBe(3);
  });

  test('start says when its port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const run = await enricher(['start'], { PORT: String(port) }, project());
    server.close();
    expect(run.stderr).toContain(`Cannot listen on 127.0.0.1:${port}: something listens there already`);
    expect(run.code).toBe(3);
  });
});

describe('enricher healthcheck', () => {
  test.each([
    [200, 0],
    [503, 1],
  ])('of a service that answers %s exits with %s', async (status, code) => {
    const server = createServer((_request, response) => response.writeHead(status).end('{}')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const run = await enricher(['healthcheck'], { HOST: '0.0.0.0', PORT: String(port) });
    server.close();
    expect(run).toMatchObject({ code, stdout: `http://127.0.0.1:${port}/health/ready: ${status} {}\n` });
  });

  test('of nothing exits with 1', async () => {
    const run = await enricher(['healthcheck', '--url', 'http://127.0.0.1:9/health/ready']);
    expect(run.code).toBe(1);
  });
});
