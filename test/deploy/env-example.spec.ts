import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { expect, test } from '@jest/globals';
import { PULL_VARIABLES } from '../../src/cli/pull-mailboxes.js';
import { readServiceConfig } from '../../src/config/service-config.js';
import { serviceVariables } from './service-variables.js';

const file = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const example = file('.env.example');
const lines = example.split('\n');
const VARIABLE = /^# ([A-Z][A-Z_]+)=/;
const nameIn = (line = '') => VARIABLE.exec(line)?.[1];

test('an empty variable is as unset, whichever it is: Compose passes all of them', () => {
  const empty = Object.fromEntries(serviceVariables().map((name) => [name, '']));
  expect(readServiceConfig(empty)).toEqual(readServiceConfig({}));
});

test('.env.example has each variable once', () => {
  const names = lines.flatMap((line) => nameIn(line) ?? []);
  expect(names.toSorted()).toEqual([...serviceVariables(), ...PULL_VARIABLES].toSorted());
});

test('.env.example explains each variable, and sets none', () => {
  const unexplained = lines.filter(
    (line, index) => nameIn(line) !== undefined && !/^# .*[a-z]/.test(lines[index - 1]!),
  );
  expect(unexplained).toEqual([]);
  expect(parseEnv(example)).toEqual({});
});

test('.env.example has the defaults: nothing changes when every "#" is removed', () => {
  const uncommented = parseEnv(lines.map((line) => (nameIn(line) === undefined ? line : line.slice(2))).join('\n'));
  expect(Object.keys(uncommented)).toHaveLength(serviceVariables().length + PULL_VARIABLES.length);
  // Whoever names the catalogue wants it to be there.
  expect(readServiceConfig(uncommented)).toEqual({ ...readServiceConfig({}), isMailboxesConfigRequired: true });
});

test('.env.example names what Compose reads for itself', () => {
  const read = [...file('docker-compose.yml').matchAll(/(?<!\$)\$\{(\w+)/g)].map(([, name]) => name!);
  expect(new Set(read).size).toBeGreaterThan(20);
  expect(read.filter((name) => !new RegExp(`\\b${name}\\b`).test(example))).toEqual([]);
});

test.each(serviceVariables())('the table in docs/operations.md has %s', (name) => {
  const rows = file('docs/operations.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows.filter((row) => row.split('|')[1]!.includes(`\`${name}\``))).toHaveLength(1);
});
