import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { tempFolder } from '../../test/support/temp-folder.js';
import { check, type CheckOptions } from './check.js';

/** What `enricher check` prints for these providers, one a line, and its exit code. */
async function run(providers: readonly object[], files: Record<string, string> = {}, more: Partial<CheckOptions> = {}) {
  const folder = tempFolder({
    'crm.json': `{ "providers": [\n${providers.map((provider) => JSON.stringify(provider)).join(',\n')}\n] }`,
    'mailboxes.json': '{ "mailboxes": {} }',
    'rules/a.json': '{ "rules": [] }',
    ...files,
  });
  const out = new PassThrough();
  const places = {
    rules: join(folder, 'rules'),
    crm: join(folder, 'crm.json'),
    mailboxes: join(folder, 'mailboxes.json'),
  };
  const code = await check({ ...places, format: 'text', ...more }, {}, out);
  out.end();
  return { code, printed: (await text(out)).replaceAll(folder, '.') };
}

const CSV = { name: 'list', type: 'file', path: './c.csv' };
const SQL = { name: 'db', type: 'sql', url: 'file:./c.db', byEmail: 'SELEC :email' };

test('warns of each provider that would not answer, at its entry, and exits with 0', async () => {
  const { code, printed } = await run([CSV, SQL]);
  expect(printed).toContain('./crm.json:2:1  warning: provider "list" would not answer: cannot use ./c.csv: ENOENT');
  expect(printed).toContain('./crm.json:3:1  warning: provider "db" would not answer: byEmail: ');
  expect(printed).toContain('0 errors, 2 warnings');
  expect(code).toBe(0);
});

test('does not show the line of a provider, where its password may stand', async () => {
  const { printed } = await run([{ ...SQL, url: 'mysql://reader:hidden@127.0.0.1:1/crm' }]);
  expect(printed).toContain('./crm.json:2:1  warning: provider "db" would not answer: ');
  expect(printed).not.toContain('hidden');
});

test('asks nobody when it shall not', async () => {
  expect((await run([CSV, SQL], {}, { offline: true })).printed).toContain('0 errors, 0 warnings');
});

test('warns of rows that nobody can be found by, and of nothing when all is well', async () => {
  expect((await run([CSV], { 'c.csv': 'email\na@x.example\nb\n' })).printed).toContain(
    './crm.json:2:1  warning: provider "list": 1 of 2 rows have no usable e-mail or domain; the first is row 2',
  );
  expect((await run([CSV], { 'c.csv': 'email\na@x.example\n' })).printed).toContain('0 errors, 0 warnings');
});
