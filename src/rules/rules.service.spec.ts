import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ScriptedLastGood } from '../../test/support/scripted-last-good.js';
import { tempFolder, writeFiles } from '../../test/support/temp-folder.js';
import { until } from '../../test/support/until.js';
import { type RulesEvent, RulesService } from './rules.service.js';

const services: RulesService[] = [];
afterEach(() => Promise.all(services.splice(0).map((service) => service.close())));

const rule = (name: string) =>
  JSON.stringify({ rules: [{ name, conditions: { all: [] }, actions: [{ type: 'tag', value: { tags: [name] } }] }] });
const BROKEN = '{ "rules": [';

async function start(
  folder: string,
  lastGood: ScriptedLastGood | null,
  events: RulesEvent[] = [],
  isStrict = false,
): Promise<RulesService> {
  const service = await RulesService.start({
    folder,
    customerFields: null,
    lastGood,
    isStrict,
    report: (event) => events.push(event),
    watching: { pollMs: 20, settleMs: 10 },
  });
  services.push(service);
  return service;
}

const namesOf = (service: RulesService) => service.current.rules.map(({ name }) => name);

describe('a start with broken rules', () => {
  test('runs the last accepted set, and says so', async () => {
    const [folder, kept] = [
      tempFolder({ 'a.json': rule('good'), 'lists/tiers.json': '["gold"]' }),
      new ScriptedLastGood(),
    ];
    const first = await start(folder, kept);
    writeFileSync(join(folder, 'a.json'), BROKEN);
    const events: RulesEvent[] = [];
    const second = await start(folder, kept, events);
    expect(namesOf(second)).toEqual(['good']);
    expect(second.current.lists).toEqual({ tiers: ['gold'] });
    expect(second.status.revision).toBe(first.status.revision);
    expect(second.status.lastRejected?.faults).toMatchObject([{ file: join(folder, 'a.json'), line: 1, column: 13 }]);
    expect(events.map(({ kind }) => kind)).toEqual(['rejected']);
  });

  test('takes the mended files as soon as they are there', async () => {
    const [folder, kept] = [tempFolder({ 'a.json': rule('good') }), new ScriptedLastGood()];
    await start(folder, kept);
    writeFileSync(join(folder, 'a.json'), BROKEN);
    const second = await start(folder, kept);
    writeFileSync(join(folder, 'a.json'), rule('mended'));
    await until('the mended rules run', () => namesOf(second)[0] === 'mended');
    expect(second.status.lastRejected).toBeNull();
  });

  test.each([
    ['no accepted set', new ScriptedLastGood()],
    ['nowhere to keep one', null],
  ])('is refused with %s', async (_, lastGood) => {
    await expect(start(tempFolder({ 'a.json': BROKEN }), lastGood)).rejects.toMatchObject({
      code: 'RULES_INVALID',
      message: expect.stringContaining('a.json:1:13'),
    });
  });

  test('is refused when it is strict, though there is an accepted set, which stays', async () => {
    const [folder, kept] = [tempFolder({ 'a.json': rule('good') }), new ScriptedLastGood()];
    const { status } = await start(folder, kept, [], true);
    writeFileSync(join(folder, 'a.json'), BROKEN);
    await expect(start(folder, kept, [], true)).rejects.toMatchObject({ code: 'RULES_INVALID' });
    expect(kept.kept?.revision).toBe(status.revision);
  });

  test('is refused, and says why, when nobody knows whether there is an accepted set', async () => {
    const [folder, kept] = [tempFolder({ 'a.json': rule('good') }), new ScriptedLastGood()];
    await start(folder, kept);
    writeFileSync(join(folder, 'a.json'), BROKEN);
    kept.fault = new Error('it does not answer');
    await expect(start(folder, kept)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: `The rules in ${folder} have 1 fault(s), and the store could not be asked for the set that was accepted last: it does not answer`,
      cause: { code: 'RULES_INVALID', message: expect.stringContaining('a.json:1:13') },
    });
  });

  test('runs the last accepted set when the whole folder is gone', async () => {
    const [folder, kept] = [tempFolder({ 'a.json': rule('good') }), new ScriptedLastGood()];
    await start(folder, kept);
    rmSync(folder, { recursive: true });
    expect(namesOf(await start(folder, kept))).toEqual(['good']);
  });
});

test('each accepted set is kept, and no rejected one', async () => {
  const [folder, kept] = [tempFolder({ 'a.json': rule('one') }), new ScriptedLastGood()];
  const service = await start(folder, kept);
  const { revision: one } = service.status;
  for (const content of [BROKEN, rule('two')]) {
    writeFileSync(join(folder, 'a.json'), content);
    await service.reload();
  }
  await service.close();
  expect(kept.asked).toEqual([one, service.status.revision]);
  expect(kept.kept).toMatchObject({ acceptedAt: service.status.loadedAt, files: [{ path: 'a.json' }] });
});

test('a store that does not answer holds up neither the start nor a reload, but the end', async () => {
  const [folder, kept] = [tempFolder({ 'a.json': rule('one') }), new ScriptedLastGood()];
  const { promise, resolve } = Promise.withResolvers<void>();
  kept.held = promise;
  const service = await start(folder, kept);
  writeFileSync(join(folder, 'a.json'), rule('two'));
  expect(await service.reload()).toMatchObject({ kind: 'loaded' });
  expect(namesOf(service)).toEqual(['two']);
  resolve();
  await service.close();
  expect(kept.kept?.revision).toBe(service.status.revision);
});

test('a set that cannot be kept costs a warning, not the rules', async () => {
  const kept = new ScriptedLastGood();
  kept.fault = new Error('it does not answer');
  const events: RulesEvent[] = [];
  const service = await start(tempFolder({ 'a.json': rule('good') }), kept, events);
  await until('it is told', () => events.length === 2);
  expect(namesOf(service)).toEqual(['good']);
  expect(events[1]).toEqual({ kind: 'not_kept', revision: service.status.revision, reason: 'it does not answer' });
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
