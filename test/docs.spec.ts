import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { FACT_DEFINITIONS } from '../src/facts/facts.js';
import { formatFault } from '../src/files/fault.js';
import { readCrmConfig } from '../src/crm/crm-config.js';
import { loadRules } from '../src/rules/load-rules.js';
import { DECORATORS, OPERATORS } from '../src/rules/operators.js';
import { ACTION_TYPES } from '../src/actions/action-template.js';
import { tempFolder } from './support/temp-folder.js';

const page = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const examples = (name: string) => [...page(name).matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => text!);

describe('docs/rules.md', () => {
  const text = page('docs/rules.md');

  test.each(examples('docs/rules.md').map((example, index) => [index + 1, example] as const))(
    'example %i is a rule file without a fault',
    async (_number, example) => {
      const load = await loadRules(
        tempFolder({ 'rules.json': example, 'lists/partners.csv': 'domain,owner\nacme.example,Joe\n' }),
        { customerFields: null },
      );
      expect(load.ok ? load.warnings : load.faults.map(formatFault)).toEqual([]);
    },
  );

  test.each(
    [...Object.keys(OPERATORS), ...ACTION_TYPES]
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
    const read = await readCrmConfig(`${tempFolder({ 'crm.json': example })}/crm.json`, {});
    expect(read.ok ? read.warnings : read.faults.map(formatFault)).toEqual([]);
  },
);

test('the first rule of the README is one without a fault', async () => {
  const [, rule] = examples('README.md');
  const load = await loadRules(tempFolder({ 'rules.json': rule! }), { customerFields: null });
  expect(load.ok ? load.warnings : load.faults.map(formatFault)).toEqual([]);
});

test('the fault in the README is the one that its slip gives', async () => {
  const [, rule] = examples('README.md');
  const folder = tempFolder({ 'claims.json': rule!.replace('customer.tier', 'custmer.tier') });
  const load = await loadRules(folder, { customerFields: null });
  const printed = load.ok ? '' : formatFault(load.faults[0]!).replace(`${folder}/`, 'rules/');
  expect(page('README.md')).toContain(`\n${printed}\n`);
});
