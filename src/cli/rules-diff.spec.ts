import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { tempFolder } from '../../test/support/temp-folder.js';
import { readRulesFolder, revisionOf } from '../rules/rules-folder.js';
import { KyselyRuleSets } from '../store/kysely-rule-sets.js';
import { Store } from '../store/store.js';
import { rulesDiff } from './rules-diff.js';

const rule = (name: string) => ({
  name,
  conditions: { all: [] },
  actions: [{ type: 'tag', value: { tags: [name] } }],
});
const RUNNING = JSON.stringify({ rules: [rule('one'), rule('two')] });

/** What `enricher rules diff` prints about a folder where `RUNNING` was accepted last. */
async function diff(files: Readonly<Record<string, string>>): Promise<{ code: number; printed: string }> {
  const folder = tempFolder({ 'running/a.json': RUNNING });
  const accepted = await readRulesFolder(join(folder, 'running'));
  if (!accepted.ok) throw new Error('unreachable');
  const url = `file:${join(folder, 'store.db')}`;
  const store = new Store(url);
  const revision = revisionOf(accepted.files);
  await new KyselyRuleSets(store, 30).save({ revision, acceptedAt: new Date(), files: accepted.files });
  await store.close();
  const rules = tempFolder(files);
  const out = new PassThrough();
  const code = await rulesDiff({ rules, format: 'text' }, { DATABASE_URL: url }, out).finally(() => out.end());
  return { code, printed: (await text(out)).replaceAll(rules, 'rules') };
}

test.each<[string, files: Readonly<Record<string, string>>, code: number, printed: string]>([
  ['the same rules', { 'b.json': RUNNING }, 0, '\nno difference\n'],
  ['a rule that is gone', { 'a.json': JSON.stringify({ rules: [rule('one')] }) }, 1, '\n  - rule "two"\n'],
  ['no rule at all', { 'a.json': '{ "rules": [] }' }, 1, '\n  - rule "one"\n  - rule "two"\n'],
])('%s', async (_, files, code, printed) => {
  expect(await diff(files)).toEqual({ code, printed: expect.stringContaining(printed) });
});

test.each<[string, files: Readonly<Record<string, string>>, fault: RegExp]>([
  ['a syntax error', { 'a.json': '{\n  "rules": [' }, /a\.json:2:13 /],
  ['rules that are no list', { 'a.json': '{"rules": 5}' }, /a\.json:1:11 {2}.*list/],
  ['a rule that is none', { 'a.json': '{"rules":[null]}' }, /a\.json:1:11 {2}/],
  ['a file that is no object', { 'a.json': 'null' }, /a\.json:1:1 {2}/],
  ['conditions that are a text', { 'a.json': '{"conditions": "x", "rules": []}' }, /a\.json:1:16 {2}/],
  [
    'an unknown fact',
    { 'a.json': RUNNING.replace('"all":[]', '"all":[{"fact":"custmer"}]') },
    /a\.json:1:\d+ .*custmer/,
  ],
  ['a list that is none', { 'a.json': RUNNING, 'lists/x.json': '{' }, /lists.x\.json:1:2 {2}/],
  ['an empty folder', {}, /no rule file/],
])('a folder with %s is told by its faults, as "enricher check" does', async (_, files, fault) => {
  await expect(diff(files)).rejects.toMatchObject({
    name: 'EnricherError',
    code: 'RULES_INVALID',
    message: expect.stringMatching(fault),
  });
});
