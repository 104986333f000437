import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { sourceFile, tagging, taggingRule } from '../../test/support/rule-tests.js';
import { ScriptedLastGood } from '../../test/support/scripted-last-good.js';
import { tempFolder } from '../../test/support/temp-folder.js';
import { until } from '../../test/support/until.js';
import { formatFault } from '../files/fault.js';
import { loadTestedRules, type TestedLoadOptions } from './load-tested-rules.js';
import { readRulesFolder, revisionOf } from '../rules/rules-folder.js';
import { RulesService } from '../rules/rules.service.js';

const RULES = JSON.stringify({ rules: [taggingRule('a'), taggingRule('b')] });
const expecting = (name: string, ...rules: readonly string[]) => ({ name, expect: { rules } });
const GREEN = expecting('both act', 'a', 'b');
const RED = expecting('a acts alone', 'a');

async function load(files: Readonly<Record<string, string>>, options: Partial<TestedLoadOptions> = {}) {
  const folder = tempFolder(files);
  const result = await loadTestedRules(folder, { customerFields: null, ...options });
  const faults = (result.ok ? result.warnings : result.faults).map((fault) => formatFault(fault).split('\n')[0]!);
  return { ok: result.ok, faults: faults.map((fault) => fault.replaceAll(`${folder}/`, '')), result };
}

describe('a set of rules', () => {
  test('is accepted with green tests, wherever in the folder they are', async () => {
    const { ok, faults } = await load({
      'a.json': RULES,
      'a.test.json': JSON.stringify([GREEN]),
      'deep/b.test.json': JSON.stringify({ tests: [expecting('both still act', 'a', 'b')] }),
    });
    expect({ ok, faults }).toEqual({ ok: true, faults: [] });
  });

  test('is rejected by a red test, as by a slip of the pen, at the name of the test', async () => {
    const { ok, faults } = await load({ 'a.json': RULES, 'a.test.json': JSON.stringify([GREEN, RED], null, 2) });
    expect({ ok, faults }).toEqual({
      ok: false,
      faults: ['a.test.json:12:13  the test fails: "b" should not act ("enricher test" says why)'],
    });
  });

  test('is rejected by a fault in a file of tests, and the others are run all the same', async () => {
    const { ok, faults } = await load({
      'a.json': RULES,
      'a.test.json': '{ "name": "one", "expect": { "rules": ["c"] } }',
      'b.test.json': JSON.stringify(RED),
    });
    expect({ ok, faults }).toEqual({
      ok: false,
      faults: [
        'a.test.json:1:40  unknown rule "c", did you mean "a"?',
        'b.test.json:1:9  the test fails: "b" should not act ("enricher test" says why)',
      ],
    });
  });

  test('with a fault of its own tells of the faults in its tests, too, but runs none', async () => {
    const { faults } = await load({
      'a.json': RULES.replace('"conditions"', '"condition"'),
      'a.test.json': JSON.stringify(RED),
      'b.test.json': '{ "test": [] }',
    });
    expect(faults.map((fault) => fault.replace(/:\d+:\d+ /, ''))).toEqual([
      'a.json a rule needs "conditions"; { "all": [] } holds for every message',
      'a.json unknown key "condition" in a rule, did you mean "conditions"?',
      'b.test.json a file of tests needs "tests"',
      'b.test.json unknown key "test" in a file of tests, did you mean "tests"?',
    ]);
  });

  test('whose tests cost more time than there is goes live with a warning that counts those not run', async () => {
    const tests = [GREEN, RED, expecting('b acts alone', 'b')];
    const files = { 'a.json': RULES, 'a.test.json': JSON.stringify(tests), 'b.test.json': JSON.stringify(RED) };
    expect(await load(files, { testBudgetMs: 0 })).toMatchObject({
      ok: true,
      faults: [
        'a.test.json:1:10  warning: 4 tests were not run, this one first: the tests of all files may take 0 s together',
      ],
    });
    expect((await load(files, { testBudgetMs: 60_000 })).ok).toBe(false);
  });

  test('keeps nothing of its tests', async () => {
    const secret = 'only-in-a-test@northwind.example';
    const green = { ...GREEN, message: { from: secret } };
    const { result } = await load({ 'a.json': RULES, 'a.test.json': JSON.stringify(green) });
    if (!result.ok) throw new Error('the rules were rejected');
    expect(JSON.stringify([result.ruleSet, result.warnings])).not.toContain(secret);
  });

  test('has the same revision whatever its tests are', async () => {
    const revision = (tests: object) =>
      revisionOf([sourceFile('a.json', 'rules', RULES), sourceFile('a.test.json', 'tests', tests)]);
    expect(revision([GREEN])).toBe(revision([]));
    const read = await readRulesFolder(tempFolder({ 'a.json': RULES, 'a.test.json': '[]' }));
    expect(read.ok && revisionOf(read.files)).toBe(revision([]));
  });
});

describe('a running set', () => {
  async function start(files: Readonly<Record<string, string>>, lastGood: ScriptedLastGood | null = null) {
    const folder = tempFolder(files);
    const options = { folder, customerFields: null, lastGood, watching: { pollMs: 20, settleMs: 10 } };
    return { folder, service: await RulesService.start({ ...options, load: loadTestedRules }) };
  }

  test('stays while an edit turns a test red, says which, and is replaced once the test agrees', async () => {
    const { folder, service } = await start({ 'a.json': RULES, 'a.test.json': JSON.stringify([GREEN]) });
    const { revision } = service.status;
    try {
      writeFileSync(join(folder, 'a.json'), JSON.stringify({ rules: [taggingRule('a')] }));
      await until('the red test is noticed', () => service.status.lastRejected !== null);
      expect(service.status.lastRejected?.faults).toMatchObject([
        { message: expect.stringContaining('unknown rule "b"') },
      ]);
      writeFileSync(
        join(folder, 'a.json'),
        JSON.stringify({ rules: [taggingRule('a'), taggingRule('b', { enabled: false })] }),
      );
      await until('the next red test is noticed', () =>
        Boolean(service.status.lastRejected?.faults[0]?.message.startsWith('the test fails: "b" should act')),
      );
      expect([service.status.revision, service.current.rules.length]).toEqual([revision, 2]);

      writeFileSync(join(folder, 'a.test.json'), JSON.stringify([expecting('a acts alone', 'a')]));
      await until('the edit is live', () => service.status.revision !== revision);
      expect(service.status.lastRejected).toBeNull();
    } finally {
      await service.close();
    }
  });

  test('stays while a test alone is red', async () => {
    const { folder, service } = await start({ 'a.json': RULES });
    const { revision } = service.status;
    try {
      writeFileSync(
        join(folder, 'a.test.json'),
        JSON.stringify({ name: 'wrong', expect: { actions: [tagging('c')] } }),
      );
      await until('the red test is noticed', () => service.status.lastRejected !== null);
      expect(service.status).toMatchObject({
        revision,
        lastRejected: {
          faults: [{ message: expect.stringContaining('1 wanted action missing, 2 actions not wanted') }],
        },
      });
    } finally {
      await service.close();
    }
  });

  test('is none when a test is red at the start', async () => {
    await expect(start({ 'a.json': RULES, 'a.test.json': JSON.stringify([RED]) })).rejects.toMatchObject({
      code: 'RULES_INVALID',
      message: expect.stringContaining('the test fails: "b" should not act'),
    });
  });

  test('that was accepted once runs over a restart with a red test', async () => {
    const lastGood = new ScriptedLastGood();
    const { folder, service } = await start({ 'a.json': RULES }, lastGood);
    await service.close();
    writeFileSync(join(folder, 'a.test.json'), JSON.stringify(RED));
    const again = await RulesService.start({
      load: loadTestedRules,
      folder,
      customerFields: null,
      lastGood,
    });
    await again.close();
    expect(again.status).toMatchObject({
      revision: service.status.revision,
      lastRejected: { faults: [{ message: expect.stringContaining('the test fails: "b" should not act') }] },
    });
  });
});
