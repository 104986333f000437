import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { LINT_CODES } from '../../src/rule-lint/lint-codes.js';
import { parseXml, type XmlElement } from '../support/parse-xml.js';
import { runCli } from '../support/run-cli.js';
import { tempFolder } from '../support/temp-folder.js';

const CRM = JSON.stringify({
  providers: [{ name: 'crm', type: 'file', path: './customers.csv', fields: { tier: 'tier' } }],
});
const MAILBOXES = JSON.stringify({ mailboxes: { 'claims@insurer.example': { tags: ['VIP'] } } });

/** A rule that tags what is given, whose only oddity is the tag when the mailbox has it not. */
const rule = (name: string, tag: string, fact = 'customer.tier') =>
  `{ "name": ${JSON.stringify(name)}, "conditions": { "all": [{ "fact": "${fact}", "operator": "equal", "value": "gold" }] },
     "actions": [{ "type": "tag", "value": { "tags": [${JSON.stringify(tag)}] } }] }`;

function project(files: Readonly<Record<string, string>>): string {
  return tempFolder({
    'config/crm.json': CRM,
    'config/customers.csv': 'email,tier\ndana@northwind.example,gold\n',
    'config/mailboxes.json': MAILBOXES,
    ...files,
  });
}

const fine = () => project({ 'rules/vip.json': `{ "rules": [${rule('vip', 'VIP')}] }` });
const odd = () =>
  project({
    'rules/vip.json': `{ "rules": [${rule('vip', 'VIP')}] }`,
    'rules/a folder/größe #1.json': `{ "rules": [\n${rule('odd', 'V<I>P & "co"')}\n] }`,
  });
const broken = () =>
  project({
    'rules/vip.json': `{ "rules": [${rule('one', 'VIP', 'custmer.tier')},\n${rule('two', 'VIP', 'customer.teir')},\n${rule('two', 'VIP')}] }`,
    'rules/control.json': `{ "rules": [${rule('bell', 'VIP', 'a\\u0007')}] }`,
  });

describe('enricher check --strict', () => {
  test('counts warnings as errors', async () => {
    const cwd = odd();
    const lenient = await runCli(['check'], {}, cwd);
    expect(lenient.stdout).toContain(
      'rules/a folder/größe #1.json:3:55  warning: no mailbox of this rule has a tag "V<I>P & "co""\n  3 | ',
    );
    expect(lenient.stdout).toContain('\n0 errors, 1 warning; 2 rules in 2 files');
    expect(lenient.code).toBe(0);
    const strict = await runCli(['check', '--strict'], {}, cwd);
    expect(strict.stdout).toContain('\n0 errors, 1 warning (which count as errors); 2 rules in 2 files');
    expect(strict.code).toBe(1);
  });

  test('is content where nothing is odd', async () => {
    const { code, stdout } = await runCli(['check', '--strict'], {}, fine());
    expect(stdout).toMatch(/^0 errors, 0 warnings; 1 rules in 1 files/);
    expect(code).toBe(0);
  });
});

test('enricher check --format json names each kind of fault', async () => {
  const { stdout } = await runCli(['check', '--format', 'json', '--strict'], {}, odd());
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    faults: [{ severity: 'warning', code: 'unknown-tag', line: 3 }],
  });
  const faults = (
    JSON.parse((await runCli(['check', '--format', 'json'], {}, broken())).stdout) as { faults: { code: string }[] }
  ).faults;
  expect(faults.map(({ code }) => code).toSorted()).toEqual(['invalid', 'invalid', 'invalid', 'unmapped-field']);
});

describe('enricher check --format sarif', () => {
  interface Result {
    readonly ruleId: string;
    readonly ruleIndex: number;
    readonly level: string;
    readonly message: { readonly text: string };
    readonly locations: readonly {
      readonly physicalLocation: {
        readonly artifactLocation: { readonly uri: string };
        readonly region: { readonly startLine: number; readonly startColumn: number };
      };
    }[];
  }
  interface Log {
    readonly runs: readonly [
      {
        readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
        readonly invocations: readonly [object];
        readonly results: readonly Result[];
      },
    ];
  }

  /** @source SARIF 2.1.0: what its schema requires of the parts that are used, nothing else allowed */
  const text = object({ text: { type: 'string', minLength: 1 } });
  const level = { enum: ['error', 'warning', 'note', 'none'] };
  const position = { type: 'integer', minimum: 1 };
  const validate = new Ajv().compile(
    object({
      $schema: { type: 'string', pattern: '^https://.*sarif.*2\\.1\\.0' },
      version: { const: '2.1.0' },
      runs: list(
        object({
          columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
          tool: object({
            driver: object({
              name: { type: 'string' },
              rules: list(
                object({ id: { type: 'string' }, shortDescription: text, defaultConfiguration: object({ level }) }),
              ),
            }),
          }),
          invocations: list(
            object(
              {
                executionSuccessful: { type: 'boolean' },
                toolConfigurationNotifications: list(object({ level, message: text })),
              },
              ['executionSuccessful'],
            ),
          ),
          results: list(
            object({
              ruleId: { type: 'string' },
              ruleIndex: { type: 'integer', minimum: 0 },
              level,
              message: text,
              locations: list(
                object({
                  physicalLocation: object({
                    artifactLocation: object({ uri: { type: 'string', pattern: '^[!-~]+$' } }),
                    region: object({ startLine: position, startColumn: position }),
                  }),
                }),
              ),
            }),
          ),
        }),
      ),
    }),
  );

  function object(properties: Readonly<Record<string, object>>, required = Object.keys(properties)) {
    return { type: 'object', properties, required, additionalProperties: false };
  }

  function list(items: object) {
    return { type: 'array', items };
  }

  async function sarif(cwd: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    const { stdout, code } = await runCli(['check', '--format', 'sarif', ...args], env, cwd);
    const log = JSON.parse(stdout) as Log;
    validate(log);
    expect(validate.errors).toBeNull();
    const [run] = log.runs;
    for (const { ruleId, ruleIndex } of run.results) expect(run.tool.driver.rules[ruleIndex]!.id).toBe(ruleId);
    const places = run.results.map(({ ruleId, level: of, locations: [location] }) => {
      const { artifactLocation, region } = location!.physicalLocation;
      return `${artifactLocation.uri}:${region.startLine}:${region.startColumn} ${of} ${ruleId}`;
    });
    return { run, places, code };
  }

  test('has no result where nothing is odd, and tells of every kind there is', async () => {
    const { run, code } = await sarif(fine());
    expect(run.results).toEqual([]);
    expect(run.tool.driver.rules.map(({ id }) => id)).toEqual(['invalid', 'warning', ...Object.keys(LINT_CODES)]);
    expect(code).toBe(0);
  });

  test('names files as URIs relative to the working folder', async () => {
    const { places, code } = await sarif(odd());
    expect(places).toEqual(['rules/a%20folder/gr%C3%B6%C3%9Fe%20%231.json:3:55 warning unknown-tag']);
    expect(code).toBe(0);
  });

  test('also when the folder is given as an absolute path, and as file URIs when it is elsewhere', async () => {
    const cwd = odd();
    const [relative] = (await sarif(cwd, ['--rules', `${cwd}/rules`])).places;
    expect(relative).toMatch(/^rules\/a%20folder\/gr/);
    const elsewhere = fine();
    const [absolute] = (await sarif(elsewhere, ['--rules', `${cwd}/rules`])).places;
    expect(absolute).toMatch(/^file:\/\/\/.*\/rules\/a%20folder\/gr%C3%B6%C3%9Fe%20%231\.json:3:55 /);
  });

  test('has errors and warnings, and what is wrong with the environment', async () => {
    const { places, run, code } = await sarif(broken(), [], { PORT: 'x' });
    expect(places).toEqual([
      'rules/control.json:1:65 error invalid',
      'rules/vip.json:1:64 error invalid',
      'rules/vip.json:3:52 warning unmapped-field',
      'rules/vip.json:5:11 error invalid',
    ]);
    expect(run.invocations[0]).toMatchObject({
      toolConfigurationNotifications: [{ level: 'error', message: { text: expect.stringContaining('PORT') } }],
    });
    expect(code).toBe(1);
  });
});

describe('enricher check --format junit', () => {
  async function junit(cwd: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    const { stdout, code } = await runCli(['check', '--format', 'junit', ...args], env, cwd);
    const root = parseXml(stdout);
    expect(root.name).toBe('testsuites');
    const [suite] = root.children as [XmlElement];
    const cases = suite.children;
    const failed = cases.filter(({ children }) => children.some(({ name }) => name === 'failure'));
    for (const { attributes } of [root, suite]) {
      expect(attributes).toMatchObject({ tests: String(cases.length), failures: String(failed.length) });
    }
    const parts = cases.map(({ attributes, children }) => [attributes['name'], ...children.map(({ name }) => name)]);
    return { cases, parts, code };
  }

  test('has a test case a file, also for those without a fault', async () => {
    const { parts, code } = await junit(fine());
    expect(parts).toEqual([['config/crm.json'], ['config/mailboxes.json'], ['rules/vip.json']]);
    expect(code).toBe(0);
  });

  test('has warnings as output, and as failures with --strict', async () => {
    const cwd = odd();
    const lenient = await junit(cwd);
    const name = 'rules/a folder/größe #1.json';
    expect(lenient.parts).toContainEqual([name, 'system-out']);
    expect(lenient.code).toBe(0);
    const [output] = lenient.cases.find(({ attributes }) => attributes['name'] === name)!.children;
    expect(output!.text).toContain(`${name}:3:55  warning: no mailbox of this rule has a tag "V<I>P & "co""\n  3 | `);
    const strict = await junit(cwd, ['--strict']);
    expect(strict.parts).toContainEqual([name, 'failure']);
    const [failure] = strict.cases.find(({ attributes }) => attributes['name'] === name)!.children;
    expect(failure!.attributes).toEqual({
      type: 'unknown-tag',
      message: 'no mailbox of this rule has a tag "V<I>P & "co""',
    });
    expect(strict.code).toBe(1);
  });

  test('has errors as failures, with warnings beside them, whatever characters they name', async () => {
    const { parts, cases, code } = await junit(broken(), [], { PORT: 'x' });
    expect(parts).toEqual([
      ['config/crm.json'],
      ['config/mailboxes.json'],
      ['rules/control.json', 'failure'],
      ['rules/vip.json', 'failure', 'system-out'],
      ['environment', 'failure'],
    ]);
    const [control, vip, environment] = cases.slice(2).map(({ children }) => children[0]!);
    expect(control!.attributes['message']).toContain('unknown fact "a\uFFFD"');
    expect(vip!.attributes['message']).toBe('2 errors, 0 warnings');
    expect(vip!.text).toContain('duplicate rule "two"');
    expect(environment!.text).toContain('PORT: must be a whole number');
    expect(code).toBe(1);
  });
});
