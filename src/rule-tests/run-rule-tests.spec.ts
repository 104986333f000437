import { describe, expect, test } from '@jest/globals';
import { ruleSetWithTests, tagging, taggingRule } from '../../test/support/rule-tests.js';
import { explainMismatch } from './explain-mismatch.js';
import { type Mismatch, runRuleTest, summarise } from './run-rule-tests.js';

const GOLD = { all: [{ fact: 'customer.tier', operator: 'equal', value: 'gold' }] };
const RULES = {
  rules: [
    taggingRule('first', { priority: 3 }),
    taggingRule('vip', { priority: 2, conditions: GOLD }),
    taggingRule('last', { priority: 1 }),
    taggingRule('trial', { mode: 'shadow' }),
    taggingRule('off', { enabled: false }),
    taggingRule('claims', { mailboxes: ['claims@insurer.example'] }),
  ],
};

async function run(given: object, rules: object = RULES) {
  const { ruleSet, tests } = await ruleSetWithTests(rules, [{ name: 'one', ...given }]);
  const { mismatch } = runRuleTest(ruleSet, tests[0]!);
  return {
    mismatch,
    summary: mismatch && summarise(mismatch),
    reasons: mismatch && explainMismatch(ruleSet, tests[0]!, mismatch),
  };
}

const diffOf = (lines: Mismatch['actions']) => lines?.map(({ sign, text }) => `${sign} ${text}`);

describe('a test passes', () => {
  test.each([
    ['when all actions come in order', { actions: [tagging('first'), tagging('last')] }],
    ['when the rules act in order', { rules: ['first', 'last'] }],
    ['when those that must not act do not', { notRules: ['vip', 'trial', 'off', 'claims'] }],
    [
      'when all of it holds',
      { actions: [tagging('first'), tagging('last')], rules: ['first', 'last'], notRules: ['vip'] },
    ],
  ])('%s', async (_, wanted) => {
    expect(await run({ expect: wanted })).toEqual({ mismatch: null, summary: null, reasons: null });
  });

  test('whatever order the keys of a value are written in', async () => {
    const value = { mainAssignment: { users: ['Joe Cool'], ignoreMaxMessages: true } };
    const rules = { rules: [{ name: 'a', conditions: { all: [] }, actions: [{ type: 'assign', value }] }] };
    const wanted = { value: { mainAssignment: { ignoreMaxMessages: true, users: ['Joe Cool'] } }, type: 'assign' };
    expect((await run({ expect: { actions: [wanted] } }, rules)).mismatch).toBeNull();
  });

  test('on what templates render and the merge law leaves', async () => {
    const fields = (value: object) => ({ type: 'setCustomFields', name: 'Context', value });
    const rules = {
      rules: [
        taggingRule('a', { actions: [fields({ tier: '{{ customer.tier }}', region: '{{ customer.region }}' })] }),
        taggingRule('b', { actions: [fields({ tier: 'other', at: '{{ now | date: "%H:%M" }}' })] }),
      ],
    };
    const wanted = { actions: [fields({ tier: 'gold' }), fields({ at: '12:00' })] };
    expect((await run({ customer: { tier: 'gold' }, expect: wanted }, rules)).mismatch).toBeNull();
  });
});

describe('a test fails', () => {
  test('when a rule does not act, which then says why not', async () => {
    const { mismatch, summary, reasons } = await run({
      customer: { tier: 'silver' },
      expect: { rules: ['first', 'vip', 'last'] },
    });
    expect(summary).toBe('"vip" should act');
    expect(diffOf(mismatch!.rules)).toEqual(['  first', '- vip', '  last']);
    expect(mismatch!.actions).toBeNull();
    expect(reasons).toMatchObject({
      missing: [
        {
          rule: 'vip',
          verdict: 'not_matched',
          why: {
            location: { file: 'rules.json' },
            fact: 'customer.tier',
            operator: 'equal',
            wanted: 'gold',
            read: 'silver',
          },
        },
      ],
      unwanted: [],
    });
  });

  test.each([
    ['trial', { verdict: 'matched', mode: 'shadow' }],
    ['off', { verdict: 'skipped', skipped: 'disabled' }],
    ['claims', { verdict: 'skipped', skipped: 'other_mailbox' }],
  ])('when "%s" is wanted, which then says why it has no say', async (name, wanted) => {
    const { reasons } = await run({ expect: { rules: ['first', 'last', name] } });
    expect(reasons!.missing).toMatchObject([{ rule: name, ...wanted }]);
  });

  test('when a rule acts that should not, which then says why', async () => {
    const { summary, reasons } = await run({ customer: { tier: 'gold' }, expect: { notRules: ['vip'] } });
    expect(summary).toBe('"vip" should not act');
    expect(reasons!.unwanted).toMatchObject([{ rule: 'vip', verdict: 'matched', why: { read: 'gold' } }]);
  });

  test('when more rules act than are wanted', async () => {
    const { summary, mismatch } = await run({ customer: { tier: 'gold' }, expect: { rules: ['first'] } });
    expect(summary).toBe('"vip", "last" should not act');
    expect(mismatch!.unwanted).toEqual(['vip', 'last']);
  });

  test('when the rules act in another order', async () => {
    const { summary, mismatch } = await run({ expect: { rules: ['last', 'first'] } });
    expect(summary).toBe('the rules act in another order');
    expect(diffOf(mismatch!.rules)).toEqual(['- last', '  first', '+ last']);
  });

  test('when actions are missing, come in another order, or are not wanted', async () => {
    const wanted = async (...actions: object[]) => (await run({ expect: { actions } })).summary;
    expect(await wanted(tagging('first'), tagging('vip'), tagging('last'))).toBe('1 wanted action missing');
    expect(await wanted(tagging('last'), tagging('first'))).toBe('the actions come in another order');
    expect(await wanted()).toBe('2 actions not wanted');
    expect(await wanted(tagging('first', 'last'))).toBe('1 wanted action missing, 2 actions not wanted');
  });

  test('line by line, an action each', async () => {
    const { mismatch } = await run({ expect: { actions: [tagging('first'), tagging('vip'), tagging('lost')] } });
    expect(diffOf(mismatch!.actions)).toEqual([
      '  {"type":"tag","value":{"tags":["first"]}}',
      '- {"type":"tag","value":{"tags":["vip"]}}',
      '- {"type":"tag","value":{"tags":["lost"]}}',
      '+ {"type":"tag","value":{"tags":["last"]}}',
    ]);
  });

  test('over an action whose rule did not act, and one whose rule did: both say why', async () => {
    const { reasons } = await run({ expect: { actions: [tagging('first'), tagging('vip')] } });
    expect(reasons!.missing.map(({ rule }) => rule)).toEqual(['vip']);
    expect(reasons!.unwanted.map(({ rule }) => rule)).toEqual(['last']);
  });

  test('over an action that no rule gives: those say why that give the like', async () => {
    const { reasons } = await run({ expect: { actions: [tagging('first'), tagging('lost'), tagging('last')] } });
    expect(reasons!.missing.map(({ rule }) => rule)).toEqual(['vip', 'trial', 'off']);
  });

  test('over an action that another rule has: it is told which', async () => {
    const assign = (user: string) => ({ type: 'assign', value: { mainAssignment: { users: [user] } } });
    const rules = {
      rules: [
        taggingRule('a', { actions: [assign('Joe Cool')] }),
        taggingRule('b', { actions: [assign('Mira Holt')] }),
      ],
    };
    const { reasons } = await run({ expect: { actions: [assign('Mira Holt')] } }, rules);
    expect(reasons!.lost).toMatchObject([{ rule: 'b', type: 'assign', wonBy: 'a' }]);
  });

  test('with a summary that names no more rules than can be read', async () => {
    const rules = { rules: ['a', 'b', 'c', 'd', 'e'].map((name) => taggingRule(name)) };
    expect((await run({ expect: { rules: [] } }, rules)).summary).toBe('"a", "b", "c", 2 more should not act');
  });
});

test('two runs of a test end alike', async () => {
  const { ruleSet, tests } = await ruleSetWithTests(RULES, [{ name: 'one', expect: { rules: ['vip'] } }]);
  expect(runRuleTest(ruleSet, tests[0]!)).toEqual(runRuleTest(ruleSet, tests[0]!));
});
