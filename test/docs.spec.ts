import { generateKeyPairSync } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { FACT_DEFINITIONS } from '../src/facts/facts.js';
import { formatFault } from '../src/files/fault.js';
import { readCrmConfig } from '../src/crm/crm-config.js';
import { PRESETS } from '../src/crm/providers/http/presets.js';
import { JsonDocument } from '../src/files/json-document.js';
import { parseMailboxes } from '../src/mailboxes/read-mailboxes.js';
import { LINT_CODES } from '../src/rule-lint/lint-codes.js';
import { loadTestedRules } from '../src/rule-tests/load-tested-rules.js';
import { DECORATORS, OPERATORS } from '../src/rules/operators.js';
import { crmCheck } from '../src/cli/crm-check.js';
import { crmLookup } from '../src/cli/crm-lookup.js';
import { simulate } from '../src/cli/simulate.js';
import { toText } from '../src/cli/print-tests.js';
import { parseChanges } from '../src/crm-push/parse-changes.js';
import { reportTests } from '../src/cli/test-report.js';
import { ACTION_TYPES } from '../src/actions/action-template.js';
import { tempFolder } from './support/temp-folder.js';

const page = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const examples = (name: string) => [...page(name).matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => text!);

const fail = (message: string): never => {
  throw new Error(message);
};

const isTests = (example: string) => 'tests' in (JSON.parse(example) as object);

/** Each rule file of the page, with the tests that stand below it. */
function rulesWithTests(): [number: number, files: Record<string, string>][] {
  const found: [number: number, files: Record<string, string>][] = [];
  for (const [index, example] of examples('docs/rules.md').entries()) {
    if (isTests(example)) found.at(-1)![1][`${index}.test.json`] = example;
    else found.push([index + 1, { 'rules.json': example }]);
  }
  return found;
}

describe('docs/rules.md', () => {
  const text = page('docs/rules.md');

  test.each(rulesWithTests())(
    'example %i is a rule file without a fault, and its tests pass',
    async (_number, files) => {
      const folder = tempFolder({ ...files, 'lists/partners.csv': 'domain,owner\nacme.example,Joe\n' });
      const load = await loadTestedRules(folder, { customerFields: null });
      expect(load.ok ? load.warnings : load.faults.map(formatFault)).toEqual([]);
    },
  );

  test('shows a failing test as its rule with "silver" added gives it', async () => {
    const [rules, tests] = examples('docs/rules.md').slice(examples('docs/rules.md').findIndex(isTests) - 1);
    const edited = rules!.replace('"platinum"]', '"platinum", "silver"]');
    const folder = tempFolder({ 'vip.json': edited, 'vip.test.json': tests! });
    const read = await reportTests(folder, false);
    const printed = read.ok ? toText(read.report).split('\n\n')[0]!.replaceAll(`${folder}/`, 'rules/') : '';
    expect(text).toContain(`\n${printed}\n`);
  });

  test.each(
    [...Object.keys(OPERATORS), ...ACTION_TYPES, ...Object.keys(LINT_CODES)]
      .map((name) => [`\`${name}\``])
      .concat(Object.keys(DECORATORS).map((word) => [`\`${word}:\``])),
  )('explains %s', (name) => {
    expect(text).toContain(name);
  });

  test('explains every fact and field', () => {
    const names = Object.entries(FACT_DEFINITIONS).flatMap(([name, { fields }]) =>
      fields ? Object.keys(fields).map((field) => `\`${name}.${field}\``) : [`\`${name}`],
    );
    expect(names.filter((name) => !text.includes(name))).toEqual([]);
  });
});

test.each(examples('docs/crm.md').map((example, index) => [index + 1, example] as const))(
  'example %i of docs/crm.md is a configuration without a fault',
  async (_number, example) => {
    const read = await readCrmConfig(`${tempFolder({ 'crm.json': example })}/crm.json`, {
      CRM_PUSH_SECRET: 'sixteen characters',
    });
    expect(read.ok ? read.warnings : read.faults.map(formatFault)).toEqual([]);
  },
);

describe('docs/crm.md', () => {
  const text = page('docs/crm.md');
  const withoutTimes = (output: string) => output.replaceAll(/ +[\d.]+ ms/g, ' n ms');

  test('shows changes that can be pushed', () => {
    const [, body] = /-d '(\{.*\})'/.exec(text)!;
    expect(parseChanges(JSON.parse(body!), ['tier'])).toMatchObject({ ok: true, changes: [{ record: null }, {}] });
  });

  test.each<[string, (out: PassThrough, env: NodeJS.ProcessEnv) => Promise<unknown>]>([
    ['crm check', (out, env) => crmCheck({ format: 'text' }, env, out)],
    ['crm lookup', (out, env) => crmLookup('someone@northwind.example', { format: 'text' }, env, out, fail)],
  ])('shows what "enricher %s" prints of the samples', async (_, run) => {
    const out = new PassThrough();
    await run(out, { DATABASE_URL: `file:${tempFolder()}/enricher.db` });
    out.end();
    expect(withoutTimes(text)).toContain(`\n\`\`\`\n${withoutTimes(await readAll(out))}\`\`\`\n`);
  });
});

describe('docs/presets.md', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

  test.each(examples('docs/presets.md').map((example, index) => [index + 1, example] as const))(
    'example %i is a configuration without a fault',
    async (_number, example) => {
      const names = [...example.matchAll(/\$\{env:(\w+)\}/g)].map(([, name]) => name!);
      const env = Object.fromEntries(names.map((name) => [name, name.endsWith('_KEY') ? pem : 'secret']));
      const read = await readCrmConfig(`${tempFolder({ 'crm.json': example })}/crm.json`, env);
      expect(read.ok ? read.warnings : read.faults.map(formatFault)).toEqual([]);
    },
  );

  test.each(PRESETS)(
    'shows %s, and explains each of its parameters but the address of the service itself',
    (preset) => {
      const sections = page('docs/presets.md').split('\n## ');
      const section = sections.find((text) => text.includes(`"type": "${preset}"`)) ?? '';
      const { parameters } = JSON.parse(page(`connectors/${preset}.json`)) as {
        parameters: Record<string, { default?: string }>;
      };
      const explained = Object.keys(parameters).filter(
        (name) => parameters[name]!.default?.startsWith('https:') !== true,
      );
      expect(explained.filter((name) => !section.includes(`"${name}"`) && !section.includes(`\`${name}\``))).toEqual(
        [],
      );
    },
  );
});

test.each(examples('docs/operations.md').map((example, index) => [index + 1, example] as const))(
  'example %i of docs/operations.md is a mailbox catalogue without a fault',
  (_number, example) => {
    const read = parseMailboxes(new JsonDocument('mailboxes.json', Buffer.from(example)));
    expect(read.ok ? [] : read.faults.map(formatFault)).toEqual([]);
  },
);

const refuse = (message: string): never => {
  throw new Error(message);
};

describe('README.md', () => {
  const [, rule] = examples('README.md');
  const withRule = (text: string) => {
    const folder = tempFolder({});
    cpSync(new URL('../rules', import.meta.url), folder, { recursive: true });
    writeFileSync(`${folder}/water.json`, text);
    return folder;
  };

  test('shows the answer to the sample message', async () => {
    const out = new PassThrough();
    await simulate({ message: 'samples/known-customer.json', format: 'json' }, {}, out, refuse);
    out.end();
    const [answer] = examples('README.md');
    expect(JSON.parse(answer!)).toEqual((JSON.parse(await readAll(out)) as { envelope: unknown }).envelope);
  });

  test('has a rule that fits in with the samples, and acts on the sample message', async () => {
    const rules = withRule(rule!);
    const load = await loadTestedRules(rules, { customerFields: null });
    expect(load.ok ? load.warnings : load.faults.map(formatFault)).toEqual([]);
    const out = new PassThrough();
    await simulate({ message: 'samples/known-customer.json', rules, format: 'json' }, {}, out, refuse);
    out.end();
    expect(await readAll(out)).toContain('"Repair shop"');
  });

  test('shows the fault that its slip gives', async () => {
    const folder = withRule(rule!.replace('message.subject', 'message.subjet'));
    const load = await loadTestedRules(folder, { customerFields: null });
    const printed = load.ok ? '' : load.faults.map(formatFault).join('\n').replaceAll(`${folder}/`, 'rules/');
    expect(page('README.md')).toContain(`\n${printed}\n`);
  });
});
