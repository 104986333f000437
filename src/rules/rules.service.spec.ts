import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { tempFolder, writeFiles } from '../../test/support/temp-folder.js';
import { until } from '../../test/support/until.js';
import { LastGoodRulesFolder } from './last-good.js';
import { type RulesEvent, RulesService } from './rules.service.js';

const services: RulesService[] = [];
afterEach(() => {
  for (const service of services.splice(0)) service.close();
});

const rule = (name: string) =>
  JSON.stringify({ rules: [{ name, conditions: { all: [] }, actions: [{ type: 'tag', value: { tags: [name] } }] }] });
const BROKEN = '{ "rules": [';

async function start(folder: string, dataFolder: string | null, events: RulesEvent[] = []): Promise<RulesService> {
  const service = await RulesService.start({
    folder,
    customerFields: null,
    lastGood: dataFolder === null ? null : new LastGoodRulesFolder(dataFolder),
    report: (event) => events.push(event),
    watching: { pollMs: 20, settleMs: 10 },
  });
  services.push(service);
  return service;
}

const namesOf = (service: RulesService) => service.current.rules.map(({ name }) => name);

describe('a start with broken rules', () => {
  test('runs the last accepted set, and says so', async () => {
    const [folder, data] = [tempFolder({ 'a.json': rule('good'), 'lists/tiers.json': '["gold"]' }), tempFolder()];
    const first = await start(folder, data);
    writeFileSync(join(folder, 'a.json'), BROKEN);
    const events: RulesEvent[] = [];
    const second = await start(folder, data, events);
    expect(namesOf(second)).toEqual(['good']);
    expect(second.current.lists).toEqual({ tiers: ['gold'] });
    expect(second.status.revision).toBe(first.status.revision);
    expect(second.status.lastRejected?.faults).toMatchObject([{ file: join(folder, 'a.json'), line: 1, column: 13 }]);
    expect(events.map(({ kind }) => kind)).toEqual(['rejected']);
  });

  test('takes the mended files as soon as they are there', async () => {
    const [folder, data] = [tempFolder({ 'a.json': rule('good') }), tempFolder()];
    await start(folder, data);
    writeFileSync(join(folder, 'a.json'), BROKEN);
    const second = await start(folder, data);
    writeFileSync(join(folder, 'a.json'), rule('mended'));
    await until('the mended rules run', () => namesOf(second)[0] === 'mended');
    expect(second.status.lastRejected).toBeNull();
  });

  test.each(['no accepted set', 'strict'])('is refused with %s', async (why) => {
    const [folder, data] = [tempFolder({ 'a.json': rule('good') }), tempFolder()];
    if (why === 'strict') await start(folder, data);
    writeFileSync(join(folder, 'a.json'), BROKEN);
    await expect(start(folder, why === 'strict' ? null : data)).rejects.toMatchObject({
      code: 'RULES_INVALID',
      message: expect.stringContaining('a.json:1:13'),
    });
  });

  test.each([
    ['the pointer', 'rules-last-good', 'nonsense'],
    ['the pointer', 'rules-last-good', '../../etc/passwd'],
    ['the set', /^rules-.*\.json$/, '{"revision":"x","files":['],
    ['the set', /^rules-.*\.json$/, '{"files":[{"path":"a.json","kind":"rules","base64":"e30="}]}'],
  ])('is refused when %s that was kept is damaged', async (_what, name, content) => {
    const [folder, data] = [tempFolder({ 'a.json': rule('good') }), tempFolder()];
    await start(folder, data);
    const file = readdirSync(data).find((entry) => (typeof name === 'string' ? entry === name : name.test(entry)))!;
    writeFileSync(join(data, file), content);
    writeFileSync(join(folder, 'a.json'), BROKEN);
    await expect(start(folder, data)).rejects.toMatchObject({ code: 'RULES_INVALID' });
  });

  test('runs the last accepted set when the whole folder is gone', async () => {
    const [folder, data] = [tempFolder({ 'a.json': rule('good') }), tempFolder()];
    await start(folder, data);
    rmSync(folder, { recursive: true });
    expect(namesOf(await start(folder, data))).toEqual(['good']);
  });
});

test('only the newest accepted set is kept', async () => {
  const [folder, data] = [tempFolder({ 'a.json': rule('one') }), tempFolder()];
  const service = await start(folder, data);
  writeFileSync(join(folder, 'a.json'), rule('two'));
  await until(
    'the second set is kept',
    () =>
      readFileSync(join(data, 'rules-last-good'), 'utf8').trim() !== service.status.revision ||
      namesOf(service)[0] === 'two',
  );
  await until('the first set is gone', () => readdirSync(data).length === 2);
  expect(readdirSync(data).toSorted()).toEqual([`rules-${service.status.revision}.json`, 'rules-last-good']);
});

test('a data folder that cannot be written costs a warning, not the rules', async () => {
  const folder = tempFolder({ 'a.json': rule('good'), file: '' });
  const events: RulesEvent[] = [];
  const service = await start(folder, join(folder, 'file'), events);
  expect(namesOf(service)).toEqual(['good']);
  expect(events.map(({ kind }) => kind)).toEqual(['loaded', 'not_kept']);
});

test('a set with a fault in one of two files that fit together changes nothing', async () => {
  const folder = tempFolder({ 'a.json': rule('good') });
  const service = await start(folder, null);
  const { revision } = service.status;
  writeFiles(folder, { 'a.json': rule('new'), 'b.json': rule('new') });
  await until('the fault is noticed', () => service.status.lastRejected !== null);
  expect([service.status.revision, namesOf(service)]).toEqual([revision, ['good']]);
});

describe('a reload that somebody asks for', () => {
  test('says how it ended, and the watcher does not load the same files again', async () => {
    const folder = tempFolder({ 'a.json': rule('first') });
    const events: RulesEvent[] = [];
    const service = await start(folder, null, events);
    expect(await service.reload()).toEqual({ kind: 'same', revision: service.status.revision, warnings: [] });
    writeFileSync(join(folder, 'a.json'), BROKEN);
    expect(await service.reload()).toMatchObject({ kind: 'rejected', running: service.status.revision });
    writeFileSync(join(folder, 'a.json'), rule('second'));
    expect(await service.reload()).toMatchObject({ kind: 'loaded', revision: service.status.revision });
    expect(namesOf(service)).toEqual(['second']);
    writeFileSync(join(folder, 'a.json'), rule('third'));
    await until('the watcher loads what nobody asked for', () => namesOf(service)[0] === 'third');
    expect(events.map(({ kind }) => kind)).toEqual(['loaded', 'rejected', 'loaded', 'loaded']);
  });

  test('comes after one that is under way, so that the newest files win', async () => {
    const folder = tempFolder({ 'a.json': rule('first') });
    const service = await start(folder, null);
    const earlier = service.reload();
    writeFileSync(join(folder, 'a.json'), rule('second'));
    await Promise.all([earlier, service.reload()]);
    expect(namesOf(service)).toEqual(['second']);
  });
});
