import { expect, test } from '@jest/globals';
import { ruleSetWithTests, taggingRule } from '../../test/support/rule-tests.js';
import { CoverageRecorder } from './coverage.js';

const leaf = (fact: string, operator: string, value: unknown) => ({ fact, operator, value });
const GOLD = leaf('customer.tier', 'equal', 'gold');
const URGENT = leaf('message.subject', 'containsText', 'urgent');

async function coverageOf(rules: object, tests: readonly object[]) {
  const named = tests.map((given, index) => ({ name: `test ${index}`, expect: { notRules: [] }, ...given }));
  const { ruleSet, tests: read } = await ruleSetWithTests(rules, named);
  const recorder = new CoverageRecorder(ruleSet);
  for (const one of read) recorder.record(one);
  const { conditions, ratio, unreachedRules } = recorder.result();
  const seen = conditions.map(({ fact, seenTrue, seenFalse }) => [fact, seenTrue, seenFalse]);
  return { seen, ratio, unreached: unreachedRules.map(({ name }) => name), conditions };
}

const gold = { customer: { tier: 'gold' } };
const urgent = { message: { subject: 'Urgent!' } };

test('a comparison is covered when tests have seen it true and false', async () => {
  const rules = { rules: [taggingRule('vip', { conditions: { all: [GOLD] } })] };
  expect(await coverageOf(rules, [])).toMatchObject({ seen: [['customer.tier', false, false]], ratio: 0 });
  expect(await coverageOf(rules, [gold])).toMatchObject({ seen: [['customer.tier', true, false]], ratio: 0.5 });
  expect(await coverageOf(rules, [gold, {}])).toMatchObject({ seen: [['customer.tier', true, true]], ratio: 1 });
});

test('every comparison of a rule is seen, those too that another has settled already', async () => {
  const rules = {
    rules: [
      taggingRule('all', { conditions: { all: [GOLD, { not: URGENT }] } }),
      taggingRule('any', { conditions: { any: [URGENT, GOLD] } }),
    ],
  };
  expect((await coverageOf(rules, [urgent])).seen).toEqual([
    ['customer.tier', false, true],
    ['message.subject', true, false],
    ['message.subject', true, false],
    ['customer.tier', false, true],
  ]);
});

test('a named condition is one, however many rules use it', async () => {
  const rules = {
    conditions: { vip: { all: [GOLD] } },
    rules: [
      taggingRule('a', { conditions: { condition: 'vip' } }),
      taggingRule('b', { conditions: { all: [{ condition: 'vip' }, URGENT] } }),
    ],
  };
  const { seen, conditions } = await coverageOf(rules, [gold]);
  expect(seen).toEqual([
    ['customer.tier', true, false],
    ['message.subject', false, true],
  ]);
  expect(conditions[0]).toMatchObject({ operator: 'equal', location: { file: 'rules.json', line: 5, column: 9 } });
});

test('a comparison that could not be decided was seen neither true nor false', async () => {
  const rules = { rules: [taggingRule('vip', { conditions: { all: [GOLD] } })] };
  expect(await coverageOf(rules, [{ lookup: { state: 'unavailable' } }])).toMatchObject({
    seen: [['customer.tier', false, false]],
    unreached: [],
  });
});

test('rules that no test asks are told, and their comparisons are not seen', async () => {
  const rules = {
    rules: [
      taggingRule('stop', { priority: 9, stop: true, conditions: { all: [URGENT] } }),
      taggingRule('after', { conditions: { all: [GOLD] } }),
      taggingRule('other', { mailboxes: ['claims@insurer.example'] }),
      taggingRule('future', { validFrom: '2030-01-01' }),
    ],
  };
  expect(await coverageOf(rules, [urgent])).toMatchObject({
    seen: [
      ['message.subject', true, false],
      ['customer.tier', false, false],
    ],
    unreached: ['after', 'other', 'future'],
  });
  expect((await coverageOf(rules, [urgent, { ...gold, now: '2030-01-01' }])).unreached).toEqual(['other']);
});

test('a rule that loses its group was asked all the same, and so was one on trial', async () => {
  const rules = {
    rules: [
      taggingRule('a', { exclusive: 'routing' }),
      taggingRule('b', { exclusive: 'routing', conditions: { all: [GOLD] } }),
      taggingRule('trial', { mode: 'shadow', conditions: { all: [URGENT] } }),
    ],
  };
  expect(await coverageOf(rules, [gold])).toMatchObject({
    seen: [
      ['customer.tier', true, false],
      ['message.subject', false, true],
    ],
    unreached: [],
  });
});

test('rules that are switched off do not count', async () => {
  const rules = { rules: [taggingRule('off', { enabled: false, conditions: { all: [GOLD] } })] };
  expect(await coverageOf(rules, [])).toMatchObject({ seen: [], ratio: 1, unreached: [] });
});
