import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sampleDelivery } from '../support/sample-delivery.js';
import { type Readiness, RunningApp, writeRules } from '../support/start-app.js';
import { tempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';

/** A rule file whose one rule tags every message. */
function tagging(tag: string): { rules: object[] } {
  return { rules: [{ name: tag, conditions: { all: [] }, actions: [{ type: 'tag', value: { tags: [tag] } }] }] };
}

/** What the service answers now: the tags of one delivery, and the revision that decided them. */
async function decided(app: RunningApp): Promise<{ tags: string[]; revision: string | undefined }> {
  const { status, text, headers } = await app.deliver(sampleDelivery());
  expect(status).toBe(200);
  const { actions = [] } = JSON.parse(text) as { actions?: { value: { tags: string[] } }[] };
  const revision = headers['x-rules-revision'];
  return { tags: actions.flatMap(({ value }) => value.tags), revision: revision?.toString() };
}

type Rules = Readiness['rules'];

/** Waits until health shows this; the wait is for the service to have read the folder. */
async function rulesWhere(app: RunningApp, what: string, holds: (rules: Rules) => boolean): Promise<Rules> {
  let rules = (await app.readiness()).rules;
  await until(what, async () => holds((rules = (await app.readiness()).rules)));
  return rules;
}

const rejected = (app: RunningApp) =>
  rulesWhere(app, 'the folder is rejected', ({ lastRejected }) => lastRejected !== null);
const accepted = (app: RunningApp) =>
  rulesWhere(app, 'the folder is accepted', ({ lastRejected }) => lastRejected === null);
const replaced = (app: RunningApp, { revision: old }: Rules) =>
  rulesWhere(
    app,
    'another revision is live',
    ({ revision, lastRejected }) => revision !== old && lastRejected === null,
  );

describe('a rules folder', () => {
  let app: RunningApp;
  let before: Rules;
  const file = (path: string) => join(app.workspace.rulesDir, path);

  beforeEach(async () => {
    app = await RunningApp.start({ rules: { 'a.json': tagging('A'), 'b.json': tagging('B') } });
    before = (await app.readiness()).rules;
    expect(await decided(app)).toEqual({ tags: ['A', 'B'], revision: before.revision });
  });

  afterEach(() => app.close());

  test('with a broken file goes on with the old revision and says where and why; mended, the new one is live', async () => {
    const broken = JSON.stringify(tagging('A2'), null, 2).replace('"conditions"', '"condition"');
    await writeFile(file('a.json'), broken);
    const { lastRejected, ...during } = await rejected(app);

    const line = broken.split('\n').findIndex((text) => text.includes('"condition"')) + 1;
    expect(lastRejected?.faults).toContainEqual(
      expect.objectContaining({
        file: file('a.json'),
        line,
        message: expect.stringContaining('did you mean "conditions"'),
      }),
    );
    expect(during).toMatchObject({ revision: before.revision, loadedAt: before.loadedAt });
    expect((await app.readiness()).status).toBe(200);
    for (let index = 0; index < 5; index++) {
      expect(await decided(app)).toEqual({ tags: ['A', 'B'], revision: before.revision });
    }

    await writeFile(file('a.json'), JSON.stringify(tagging('A2')));
    const after = await replaced(app, before);
    expect(await decided(app)).toEqual({ tags: ['A2', 'B'], revision: after.revision });
  });

  test('with one broken file takes nothing of the good ones either', async () => {
    await writeFile(file('b.json'), JSON.stringify(tagging('B2')));
    await writeFile(file('a.json'), '{ "rules": [');
    await rejected(app);
    expect(await decided(app)).toEqual({ tags: ['A', 'B'], revision: before.revision });
  });

  test('with a half-written file waits for the other half', async () => {
    const text = JSON.stringify(tagging('A2'));
    await writeFile(file('a.json'), text.slice(0, text.length / 2));
    const { lastRejected } = await rejected(app);
    expect(lastRejected?.faults[0]).toMatchObject({ file: file('a.json'), line: 1 });
    expect(await decided(app)).toEqual({ tags: ['A', 'B'], revision: before.revision });

    await writeFile(file('a.json'), text.slice(text.length / 2), { flag: 'a' });
    await replaced(app, before);
    expect((await decided(app)).tags).toEqual(['A2', 'B']);
  });

  test('that becomes empty, or goes, is rejected, and the old revision stays', async () => {
    await rm(file('a.json'));
    await rm(file('b.json'));
    expect((await rejected(app)).lastRejected?.faults[0]?.message).toMatch(/no rule file/);
    expect((await decided(app)).tags).toEqual(['A', 'B']);

    await rm(app.workspace.rulesDir, { recursive: true });
    await rulesWhere(app, 'health tells of the missing folder', ({ lastRejected }) =>
      Boolean(lastRejected?.faults[0]?.message.includes('ENOENT')),
    );
    expect((await decided(app)).tags).toEqual(['A', 'B']);

    writeRules(app.workspace.rulesDir, { 'c.json': tagging('C') });
    await replaced(app, before);
    expect((await decided(app)).tags).toEqual(['C']);
  });

  test('without one of its files is a new revision without its rules', async () => {
    await rm(file('a.json'));
    const after = await replaced(app, before);
    expect(await decided(app)).toEqual({ tags: ['B'], revision: after.revision });
  });

  test('with a new file, in a new folder too, is a new revision with its rules', async () => {
    writeRules(app.workspace.rulesDir, { 'team/c.json': tagging('C') });
    const after = await replaced(app, before);
    expect(await decided(app)).toEqual({ tags: ['A', 'B', 'C'], revision: after.revision });
    writeRules(app.workspace.rulesDir, { 'team/c.json': tagging('C2') });
    await replaced(app, after);
    expect((await decided(app)).tags).toEqual(['A', 'B', 'C2']);
  });

  test('is read again when an editor saves by renaming, and its temporary files do not count', async () => {
    await writeFile(file('.a.json.swp'), 'b0VIM');
    await writeFile(file('a.json~'), 'old');
    await writeFile(file('a.json.tmp'), JSON.stringify(tagging('A2')));
    await rename(file('a.json.tmp'), file('a.json'));
    await replaced(app, before);
    expect((await decided(app)).tags).toEqual(['A2', 'B']);
  });

  test('that comes back to the same content is no new revision', async () => {
    const text = await readFile(file('a.json'), 'utf8');
    await writeFile(file('a.json'), '{');
    await rejected(app);
    await writeFile(file('a.json'), text);
    expect(await accepted(app)).toMatchObject({ revision: before.revision, loadedAt: before.loadedAt });
  });

  test('keeps every delivery whole while its files change', async () => {
    const answers: string[][] = [];
    let isEditing = true;
    const delivering = (async () => {
      while (isEditing) answers.push((await decided(app)).tags);
    })();
    let current = before;
    for (const generation of [1, 2, 3]) {
      writeRules(app.workspace.rulesDir, { 'a.json': tagging(`A${generation}`), 'b.json': tagging(`B${generation}`) });
      current = await rulesWhere(
        app,
        'the edit is live',
        ({ revision, lastRejected }) => lastRejected === null && revision !== current.revision,
      );
    }
    isEditing = false;
    await delivering;
    for (const [a, b] of answers) expect(b).toBe(a?.replace('A', 'B'));
    expect((await decided(app)).tags).toEqual(['A3', 'B3']);
  });
});

describe('a folder of links', () => {
  test('as Kubernetes makes of a ConfigMap is read again when ..data is swapped', async () => {
    const rulesDir = join(tempFolder(), 'mounted');
    const version = async (name: string, tag: string) => {
      await mkdir(join(rulesDir, name), { recursive: true });
      await writeFile(join(rulesDir, name, 'a.json'), JSON.stringify(tagging(tag)));
      await symlink(name, join(rulesDir, '..data_tmp'));
      await rename(join(rulesDir, '..data_tmp'), join(rulesDir, '..data'));
    };
    await version('..2026_11_24_01', 'first');
    await symlink('..data/a.json', join(rulesDir, 'a.json'));
    await using app = await RunningApp.start({ rules: {}, env: { RULES_DIR: rulesDir } });
    const before = (await app.readiness()).rules;
    expect((await decided(app)).tags).toEqual(['first']);

    await version('..2026_11_24_02', 'second');
    await rm(join(rulesDir, '..2026_11_24_01'), { recursive: true });
    await replaced(app, before);
    expect((await decided(app)).tags).toEqual(['second']);
  });

  test('that is itself a link, as git-sync makes, is read again when the link is swapped', async () => {
    const folder = tempFolder({
      '1/a.json': JSON.stringify(tagging('first')),
      '2/a.json': JSON.stringify(tagging('second')),
    });
    await symlink('1', join(folder, 'current'));
    await using app = await RunningApp.start({ rules: {}, env: { RULES_DIR: join(folder, 'current') } });
    const before = (await app.readiness()).rules;
    expect((await decided(app)).tags).toEqual(['first']);

    await symlink('2', join(folder, 'next'));
    await rename(join(folder, 'next'), join(folder, 'current'));
    const after = await replaced(app, before);
    expect((await decided(app)).tags).toEqual(['second']);

    writeRules(join(folder, '2'), { 'a.json': tagging('third') });
    await replaced(app, after);
    expect((await decided(app)).tags).toEqual(['third']);
  });
});
