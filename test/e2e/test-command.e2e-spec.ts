import { execFile, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { taggingRule } from '../support/rule-tests.js';
import { buildService } from '../support/service-process.js';
import { tempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = join(ROOT, 'dist/cli.js');

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built `enricher test` in a folder, with nothing in its environment. */
function enricherTest(args: readonly string[], cwd: string): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, 'test', ...args], { env: {}, cwd }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

const GOLD = { all: [{ fact: 'customer.tier', operator: 'equal', value: 'gold' }] };
const RULES = {
  rules: [taggingRule('vip', { conditions: GOLD }), taggingRule('claims', { mailboxes: ['claims@insurer.example'] })],
};
const GREEN = { name: 'A stranger is no VIP', expect: { rules: [] } };
const RED = {
  name: 'A silver customer is a <VIP>',
  customer: { tier: 'silver' },
  expect: { actions: [{ type: 'tag', value: { tags: ['vip'] } }] },
};

function project(tests: readonly object[], files: Readonly<Record<string, string>> = {}): string {
  return tempFolder({
    'rules/vip.json': JSON.stringify(RULES, null, 2),
    'rules/vip.test.json': JSON.stringify(tests, null, 2),
    ...files,
  });
}

beforeAll(buildService, 120_000);

test('the tests of the sample rules pass, and see every comparison true and false', async () => {
  const { code, stdout } = await enricherTest(['--coverage'], ROOT);
  expect(stdout).toMatch(/^\d+ tests passed\ncoverage 100 %: (\d+) of \1 comparisons seen true and false\n$/);
  expect(code).toBe(0);
});

describe('enricher test', () => {
  test('exits with 0 when all pass', async () => {
    expect(await enricherTest([], project([GREEN]))).toEqual({ code: 0, stdout: '1 test passed\n', stderr: '' });
  });

  test('prints of a failing test where it is, the difference and the reasons, and exits with 1', async () => {
    const { code, stdout } = await enricherTest([], project([GREEN, RED]));
    expect(stdout).toBe(
      [
        'rules/vip.test.json:9:13  failed: A silver customer is a <VIP>',
        '  actions (- wanted, + got):',
        '    - {"type":"tag","value":{"tags":["vip"]}}',
        '  did not act:',
        '    not_matched  vip  (rules/vip.json:3:5)',
        '                 customer.tier is "silver"; the rule asks: equal "gold"  (rules/vip.json:7:11)',
        '',
        '1 of 2 tests failed',
        '',
      ].join('\n'),
    );
    expect(code).toBe(1);
  });

  test('prints a fault in a file of tests, runs the others, and exits with 1', async () => {
    const cwd = project([GREEN, { name: 'unknown', expect: { rules: ['vpi'] } }]);
    const { code, stdout } = await enricherTest([], cwd);
    expect(stdout).toMatch(/^rules\/vip\.test\.json:\d+:\d+ {2}unknown rule "vpi", did you mean "vip"\?\n/);
    expect(stdout).toMatch(/\n1 test passed, 1 fault in their files\n$/);
    expect(code).toBe(1);
  });

  test('exits with 0 when there are no tests, and says what they would be', async () => {
    const { code, stdout } = await enricherTest([], project([]));
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'no tests: they are files *.test.json in the rules folder\n' });
  });

  test('with --coverage lists what is not covered, and does not fail for it', async () => {
    const { code, stdout } = await enricherTest(['--coverage'], project([GREEN]));
    expect(stdout).toBe(
      [
        '1 test passed',
        'coverage 50 %: 0 of 1 comparison seen true and false',
        '  rules/vip.json:7:11  customer.tier equal: never true',
        '  rules/vip.json:25:5  no test asks rule "claims"',
        '',
      ].join('\n'),
    );
    expect(code).toBe(0);
  });

  test('prints JSON for tools', async () => {
    const { code, stdout } = await enricherTest(['--format', 'json', '--coverage'], project([GREEN, RED]));
    expect(JSON.parse(stdout)).toMatchObject({
      revision: expect.stringMatching(/^[\da-f]{12}$/),
      passed: 1,
      failed: 1,
      faults: [],
      tests: [
        { name: GREEN.name, passed: true, location: { file: 'rules/vip.test.json', line: 3 } },
        {
          name: RED.name,
          passed: false,
          summary: '1 wanted action missing',
          mismatch: { actions: [{ sign: '-', text: '{"type":"tag","value":{"tags":["vip"]}}' }] },
          reasons: { missing: [{ rule: 'vip', verdict: 'not_matched', why: { read: 'silver' } }] },
        },
      ],
      coverage: { ratio: 0.5, unreachedRules: [{ name: 'claims' }] },
    });
    expect(code).toBe(1);
  });

  test('prints JUnit XML for build servers', async () => {
    const cwd = project([GREEN, RED], { 'rules/bad.test.json': '{ "test": [] }' });
    const { code, stdout } = await enricherTest(['--format', 'junit'], cwd);
    expect(stdout).toContain('<testsuite name="rules/vip.test.json" tests="2" failures="1" errors="0">');
    expect(stdout).toContain('name="A stranger is no VIP" file="rules/vip.test.json" line="3"/>');
    expect(stdout).toContain('name="A silver customer is a &#60;VIP&#62;"');
    expect(stdout).toContain('<failure message="1 wanted action missing">rules/vip.test.json:9:13  failed: A silver');
    expect(stdout).toContain('<testsuite name="rules/bad.test.json" tests="2" failures="0" errors="2">');
    expect(stdout.match(/<(\w+)/g)?.length).toBe(stdout.match(/<\/\w+>|\/>/g)?.length ?? 0);
    expect(code).toBe(1);
  });

  test.each([
    ['a rules folder that is not there', ['--rules', 'nowhere'], /cannot read the rules folder \(ENOENT\)/],
    ['rules with a fault', ['--rules', 'broken'], /broken\/a\.json:1:3 {2}unknown key "rulez"/],
  ])('cannot run on %s: exit code 3, and no stack trace', async (_, args, reason) => {
    const { code, stderr } = await enricherTest(args, project([], { 'broken/a.json': '{ "rulez": [] }' }));
    expect(stderr).toMatch(reason);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(3);
  });

  test('is used wrongly with a format that there is not: exit code 2', async () => {
    expect((await enricherTest(['--format', 'xml'], project([]))).code).toBe(2);
  });
});

test('enricher test --watch runs again after each change, whatever state the files are in, until interrupted', async () => {
  const cwd = project([GREEN]);
  const file = join(cwd, 'rules/vip.test.json');
  const child = spawn(process.execPath, [CLI, 'test', '--watch'], { env: {}, cwd });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    const prints = (text: string) => until(`it prints "${text}"`, () => output.includes(text));
    await prints('1 test passed');
    writeFileSync(file, JSON.stringify([GREEN, RED]));
    await prints('1 of 2 tests failed');
    writeFileSync(join(cwd, 'rules/vip.json'), '{ "rules": [');
    await prints('rules/vip.json:1:13');
    writeFileSync(join(cwd, 'rules/vip.json'), JSON.stringify({ rules: [taggingRule('vip')] }));
    writeFileSync(file, JSON.stringify([RED, { ...RED, name: 'again' }, { ...RED, name: 'and again' }]));
    await prints('3 tests passed');
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  } finally {
    child.kill('SIGKILL');
  }
});
