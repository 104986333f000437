import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { tempFolder } from '../../test/support/temp-folder.js';
import { until } from '../../test/support/until.js';
import { loadRules } from '../rules/load-rules.js';
import { FileWatcher, type FileWatcherOptions, fingerprintOf } from './file-watcher.js';

const watchers: FileWatcher[] = [];
afterEach(() => {
  for (const watcher of watchers.splice(0)) watcher.close();
});

async function watchFolder(
  folder: string,
  onChange: () => Promise<void>,
  options: FileWatcherOptions = {},
): Promise<void> {
  const watcher = new FileWatcher(folder, onChange, { pollMs: 50, settleMs: 20, ...options });
  watchers.push(watcher);
  watcher.start(await fingerprintOf(folder, options.counts));
}

const RULE = (name: string) =>
  JSON.stringify({ rules: [{ name, conditions: { all: [] }, actions: [{ type: 'tag', value: { tags: ['A'] } }] }] });

test('a file that changes all the time, and does not count, puts nothing off', async () => {
  const folder = tempFolder({ 'a.json': '1', 'noise.log': '' });
  let changes = 0;
  await watchFolder(folder, async () => void changes++, { counts: (path) => path.endsWith('.json') });
  const noise = setInterval(() => appendFileSync(join(folder, 'noise.log'), 'x'), 5);
  writeFileSync(join(folder, 'a.json'), '2');
  await until('the change is told', () => changes > 0);
  clearInterval(noise);
});

test('a callback that throws ends no watching, and is told of', async () => {
  const folder = tempFolder({ 'a.json': '1' });
  let changes = 0;
  const rejected: unknown[] = [];
  const onRejection = (reason: unknown) => rejected.push(reason);
  process.on('unhandledRejection', onRejection);
  const errors: unknown[] = [];
  const onChange = () => (changes++, changes === 1 ? Promise.reject(new Error('oops')) : Promise.resolve());
  await watchFolder(folder, onChange, { onError: (error) => errors.push(error) });
  writeFileSync(join(folder, 'a.json'), '2');
  await until('the first change is told', () => changes === 1);
  writeFileSync(join(folder, 'a.json'), '34');
  await until('the second change is told', () => changes === 2);
  process.off('unhandledRejection', onRejection);
  expect(rejected).toEqual([]);
  expect(errors).toEqual([new Error('oops')]);
});

test('rules in a folder behind a link count, also for changes', async () => {
  const [folder, team] = [tempFolder({ 'a.json': RULE('a') }), tempFolder({ 't.json': RULE('t') })];
  symlinkSync(team, join(folder, 'team'));
  const load = await loadRules(folder, { customerFields: null });
  expect(load.ok && load.ruleSet.rules.map(({ name }) => name)).toEqual(['a', 't']);
  const before = await fingerprintOf(folder);
  writeFileSync(join(team, 't.json'), RULE('changed'));
  expect(await fingerprintOf(folder)).not.toBe(before);
});

test('a folder that leads back into itself is walked once', async () => {
  const folder = tempFolder({ 'a.json': RULE('a') });
  mkdirSync(join(folder, 'sub'));
  symlinkSync(folder, join(folder, 'sub', 'loop'));
  const load = await loadRules(folder, { customerFields: null });
  expect(load.ok && load.ruleSet.rules).toHaveLength(1);
});

test('a pipe with the name of a rule file is a fault, and holds nothing up', async () => {
  const folder = tempFolder({ 'a.json': RULE('a') });
  execFileSync('mkfifo', [join(folder, 'pipe.json')]);
  const load = await loadRules(folder, { customerFields: null });
  expect(
    load.ok ? [] : load.faults.map(({ file, message }) => `${file.replace(`${folder}/`, '')}: ${message}`),
  ).toEqual(['pipe.json: cannot read the file: it is none, or its link leads nowhere']);
});
