import { expect, test } from '@jest/globals';
import { tempFolder } from '../../test/support/temp-folder.js';
import { factsWith } from '../../test/support/rule-program.js';
import { decide, explain, needsLookup } from './decide.js';
import { loadRules } from './load-rules.js';
import type { RuleSet } from './rule-set.js';

const SUBJECT = { fact: 'message.subject', operator: 'containsText', value: 'water' };
const OTHER_SUBJECT = { fact: 'message.subject', operator: 'containsText', value: 'invoice' };
const GOLD = { fact: 'customer.tier', operator: 'equal', value: 'gold' };
const FOUND = { fact: 'lookup.state', operator: 'equal', value: 'found' };
const tag = (...tags: string[]) => ({ type: 'tag', name: 'Tag', value: { tags } });

const rule = (conditions: object, more: object = {}) => ({
  conditions,
  priority: 10,
  actions: [tag('x')],
  ...more,
});

async function load(rules: readonly object[]): Promise<RuleSet> {
  const named = rules.map((each, index) => ({ name: `r${index}`, ...each }));
  const loaded = await loadRules(tempFolder({ 'a.json': JSON.stringify({ rules: named }) }), { customerFields: null });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return loaded.ruleSet;
}

const facts = factsWith(null, false);

test.each<[string, boolean, object[]]>([
  ['no rule reads it', false, [rule({ all: [SUBJECT] }), rule({ all: [OTHER_SUBJECT] })]],
  ['a condition reads the customer', true, [rule({ all: [GOLD] })]],
  ['a condition reads how the look-up went', true, [rule({ all: [FOUND] })]],
  [
    'a condition compares with the customer',
    true,
    [rule({ all: [{ ...SUBJECT, value: { fact: 'customer.topic' } }] })],
  ],
  ['a condition beside it is false', false, [rule({ all: [GOLD, OTHER_SUBJECT] })]],
  ['a condition beside it is true', true, [rule({ all: [GOLD, SUBJECT] })]],
  ['another way to hold is true', false, [rule({ any: [GOLD, SUBJECT] })]],
  ['another way to hold is false', true, [rule({ any: [GOLD, OTHER_SUBJECT] })]],
  [
    'an action of a rule that holds writes it',
    true,
    [rule({ all: [SUBJECT] }, { actions: [tag('{{ customer.tier }}')] })],
  ],
  [
    'an action of a rule that holds writes how it went',
    true,
    [rule({ all: [SUBJECT] }, { actions: [tag('{{ lookup.source }}')] })],
  ],
  [
    'an action of a rule that fails writes it',
    false,
    [rule({ all: [OTHER_SUBJECT] }, { actions: [tag('{{ customer.tier }}')] })],
  ],
  ['a rule that is disabled reads it', false, [rule({ all: [GOLD] }, { enabled: false })]],
  ['a rule for another mailbox reads it', false, [rule({ all: [GOLD] }, { mailboxes: ['sales@insurer.example'] })]],
  ['a rule of last year reads it', false, [rule({ all: [GOLD] }, { validUntil: '2025-12-31' })]],
  ['a shadow rule reads it', false, [rule({ all: [GOLD] }, { mode: 'shadow' })]],
  [
    'a rule after a stop reads it',
    false,
    [rule({ all: [SUBJECT] }, { stop: true }), rule({ all: [GOLD] }, { priority: 1 })],
  ],
  [
    'a rule before a stop reads it',
    true,
    [rule({ all: [GOLD] }), rule({ all: [SUBJECT] }, { stop: true, priority: 1 })],
  ],
  [
    'a rule whose group is taken reads it',
    false,
    [rule({ all: [SUBJECT] }, { exclusive: 'g' }), rule({ all: [GOLD] }, { exclusive: 'g', priority: 1 })],
  ],
  [
    'a rule of a group that a shadow rule would take reads it',
    true,
    [
      rule({ all: [SUBJECT] }, { exclusive: 'g', mode: 'shadow' }),
      rule({ all: [GOLD] }, { exclusive: 'g', priority: 1 }),
    ],
  ],
  ['a rule that acts when it is unknown reads it', true, [rule({ all: [GOLD] }, { onUnknown: 'match' })]],
])('when %s, a look-up is needed: %s', async (_, isNeeded, rules) => {
  expect(needsLookup(await load(rules), facts)).toBe(isNeeded);
});

test('a shadow rule that reads the customer cannot tell when nobody was looked up', async () => {
  const notGold = { ...GOLD, operator: 'notEqual' };
  const set = await load([rule({ all: [notGold] }, { mode: 'shadow' }), rule({ all: [notGold] })]);
  const skipped = { ...facts, lookup: { ...facts.lookup, state: 'skipped' as const } };
  expect(decide(set, skipped).verdicts.map(({ verdict }) => verdict)).toEqual(['undecided', 'matched']);
  expect(explain(set, skipped).map(({ verdict }) => verdict)).toEqual(['undecided', 'matched']);
});

test.each<[string, object, string]>([
  ['a field that is missing is unknown', GOLD, 'undecided'],
  ['so is one that is compared with', { ...SUBJECT, value: { fact: 'customer.topic' } }, 'undecided'],
  ['a field that is there is known', { ...GOLD, fact: 'customer.region', value: 'north' }, 'matched'],
  ['a field that is there and differs too', { ...GOLD, fact: 'customer.region' }, 'not_matched'],
])('of an incomplete customer %s', async (_, condition, verdict) => {
  const set = await load([rule({ all: [condition] })]);
  const incomplete = factsWith({ region: 'north' }, false);
  const given = { ...incomplete, lookup: { ...incomplete.lookup, incomplete: true } };
  expect(explain(set, given).map((each) => each.verdict)).toEqual([verdict]);
  expect(decide(set, given).verdicts.map((each) => each.verdict)).toEqual(verdict === 'not_matched' ? [] : [verdict]);
});
