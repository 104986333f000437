import { describe, expect, test } from '@jest/globals';
import {
  answer,
  fields,
  forward,
  load,
  record,
  replay,
  rule,
  type RuleFile,
  send,
  tag,
} from '../../test/support/recorded-decision.js';
import { factsWith } from '../../test/support/rule-program.js';
import type { Facts } from '../facts/facts.js';
import { JsonDocument } from '../files/json-document.js';
import { parseMailboxes } from '../mailboxes/read-mailboxes.js';
import { Replayer } from './replayer.js';

const GOLD = { fact: 'customer.tier', operator: 'equal', value: 'gold' };
const SENDER = { fact: 'sender.address', operator: 'equal', value: 'dana@northwind.example' };
const VIP = rule('vip', [GOLD], [fields({ tier: '{{ customer.tier }}', desk: 'VIP' }), tag('VIP')]);
const ALL = rule('all', [], [fields({ desk: 'Claims' })]);

const facts: Facts = factsWith({ tier: 'gold', iban: 'XX00' }, false);

const added = (type: string, field: string | null = null) => ({ type, field, how: 'added' });
const removed = (type: string, field: string | null = null) => ({ type, field, how: 'removed' });
const changed = (type: string, field: string | null = null) => ({ type, field, how: 'changed' });

describe('an edit of the rules', () => {
  test.each<[string, before: RuleFile[], after: RuleFile[], told: object]>([
    ['none', [VIP, ALL], [VIP, ALL], { verdict: 'same' }],
    ['another description', [VIP], [{ ...VIP, description: 'Very important' }], { verdict: 'same' }],
    [
      'a rule added',
      [ALL],
      [ALL, VIP],
      {
        verdict: 'changed',
        newlyMatching: ['vip'],
        changes: [added('setCustomFields', 'tier'), added('tag')],
      },
    ],
    [
      'a rule removed',
      [VIP, ALL],
      [ALL],
      {
        verdict: 'changed',
        noLongerMatching: ['vip'],
        changes: [changed('setCustomFields', 'desk'), removed('setCustomFields', 'tier'), removed('tag')],
      },
    ],
    [
      'a rule that still matches, and does nothing new',
      [ALL],
      [ALL, rule('late', [GOLD], [fields({ desk: 'Late' })])],
      { verdict: 'changed', newlyMatching: ['late'] },
    ],
    [
      'a priority',
      [VIP, ALL],
      [VIP, { ...ALL, priority: 9 }],
      { verdict: 'changed', changes: [changed('setCustomFields', 'desk')] },
    ],
    [
      'a priority that only the order shows',
      [rule('one', [], [tag('A')]), rule('two', [], [tag('B')])],
      [rule('one', [], [tag('A')]), rule('two', [], [tag('B')], { priority: 9 })],
      { verdict: 'changed', isReordered: true },
    ],
    [
      'a text',
      [rule('a', [], [fields({ note: '{{ customer.tier }}' })])],
      [rule('a', [], [fields({ note: '{{ customer.tier | upcase }}' })])],
      { verdict: 'changed', changes: [changed('setCustomFields', 'note')] },
    ],
    [
      'the text of a message',
      [rule('a', [], [send('Hello')])],
      [rule('a', [], [send('Good day')])],
      { verdict: 'changed', changes: [changed('sendMessage')] },
    ],
    [
      'a tag',
      [rule('a', [], [tag('A', 'B')])],
      [rule('a', [], [tag('A', 'C')])],
      { verdict: 'changed', changes: [removed('tag'), added('tag')] },
    ],
    [
      'a rule made a shadow',
      [VIP],
      [{ ...VIP, mode: 'shadow' }, ALL],
      {
        verdict: 'changed',
        newlyMatching: ['all'],
        changes: [removed('setCustomFields', 'tier'), changed('setCustomFields', 'desk'), removed('tag')],
      },
    ],
    [
      'a rule for another mailbox only',
      [VIP],
      [{ ...VIP, mailboxes: ['sales@insurer.example'] }],
      {
        verdict: 'changed',
        noLongerMatching: ['vip'],
        changes: [removed('setCustomFields', 'tier'), removed('setCustomFields', 'desk'), removed('tag')],
      },
    ],
  ])('%s', async (_, before, after, told) => {
    const nothing = {
      changes: [],
      isReordered: false,
      newlyMatching: [],
      noLongerMatching: [],
      openRules: [],
      open: [],
    };
    const { changes, ...rest } = await replay(await record(before, facts), after);
    const { changes: expected = [], ...others } = told as { changes?: unknown[] };
    expect(rest).toEqual({ ...nothing, changes: undefined, ...others });
    expect(changes).toEqual(expect.arrayContaining(expected));
    expect(changes).toHaveLength(expected.length);
  });
});

describe('what cannot be told', () => {
  test.each<[string, masks: string[], rules: RuleFile[], told: object]>([
    [
      'is a rule that reads an address, and all that it may do',
      [],
      [rule('dana', [SENDER], [fields({ desk: 'Dana' }), tag('D')]), ALL],
      { verdict: 'open', openRules: ['dana'], newlyMatching: [], open: ['desk', 'tag'] },
    ],
    [
      'is no rule that another condition rules out',
      [],
      [rule('dana', [SENDER, { ...GOLD, value: 'bronze' }], [tag('D')]), ALL],
      { verdict: 'same', openRules: [], open: [] },
    ],
    [
      'is a text that reads a masked field, and no field beside it',
      ['/customer/iban'],
      [rule('all', [], [fields({ desk: 'Claims', iban: '{{ customer.iban }}', region: 'north' })])],
      { verdict: 'changed', changes: [added('setCustomFields', 'region')], open: ['iban'] },
    ],
    [
      'is no masked field that nobody has',
      ['/customer/nothing'],
      [rule('all', [{ fact: 'customer.nothing', operator: 'exists', value: false }], ALL.actions)],
      { verdict: 'same', openRules: [], open: [] },
    ],
    [
      'is mail to a sender whose address is masked',
      [],
      [ALL, rule('mail', [], [answer('Thank you')])],
      { verdict: 'changed', newlyMatching: ['mail'], changes: [], open: ['sendMessage'] },
    ],
    [
      'is mail where it is masked whether the message was an automatic answer',
      ['/sender/isAutoReply'],
      [ALL, rule('mail', [], [send('Thank you'), forward('lee@fabrikam.example'), tag('T')])],
      { changes: [added('tag')], open: ['sendMessage', 'forwardMessage'] },
    ],
    [
      'is who of a group acts, when the first is open',
      [],
      [
        rule('dana', [SENDER], [fields({ desk: 'Dana' })], { exclusive: 'desk' }),
        rule('all', [], ALL.actions, { exclusive: 'desk' }),
        rule('rest', [], [tag('R')], { exclusive: 'desk' }),
      ],
      { verdict: 'open', openRules: ['dana', 'all'], open: ['desk'], noLongerMatching: [] },
    ],
    [
      'is everything after a rule that may stop',
      [],
      [rule('dana', [SENDER], [tag('D')], { stop: true, priority: 9 }), ALL],
      { verdict: 'open', openRules: ['dana', 'all'], open: ['desk', 'tag'] },
    ],
    [
      'is nothing after a rule that stops',
      [],
      [rule('all', [], ALL.actions, { stop: true, priority: 9 }), rule('dana', [SENDER], [tag('D')])],
      { verdict: 'same', openRules: [], open: [] },
    ],
  ])('%s', async (_, masks, rules, told) => {
    expect(await replay(await record([ALL], facts, masks), rules)).toMatchObject(told);
  });

  test('is whom a look-up would have found, when none was made and the new rules want one', async () => {
    const skipped: Facts = { ...facts, customer: null, lookup: { ...facts.lookup, state: 'skipped', matchedBy: null } };
    const row = await record([ALL], skipped);
    expect(await replay(row, [ALL, VIP])).toMatchObject({ verdict: 'open', openRules: ['vip'] });
    const shadow = { ...VIP, mode: 'shadow' };
    expect(await replay(row, [ALL, shadow])).toMatchObject({ verdict: 'same', openRules: [] });
    const asks = rule('asks', [], [fields({ state: '{{ lookup.state }}' })]);
    expect(await replay(row, [ALL, asks, shadow])).toMatchObject({ openRules: ['vip'], open: ['state'] });
  });

  test('is told apart from what was undecided then: the CRM gave no answer', async () => {
    const down = factsWith(null, true);
    expect(await replay(await record([ALL, VIP], down), [ALL, VIP])).toMatchObject({ verdict: 'same' });
    const lenient = { ...VIP, onUnknown: 'match', actions: [tag('VIP')] };
    const told = await replay(await record([ALL, VIP], down), [ALL, lenient]);
    expect(told).toMatchObject({ verdict: 'changed', changes: [added('tag')], newlyMatching: [] });
  });

  test.each<[string, outcome: string, rules: RuleFile[], verdict: string]>([
    ['an event that no rule is asked about', 'ignored_event', [ALL], 'same'],
    ['a mailbox that no rule is for', 'no_rule_for_mailbox', [{ ...ALL, mailboxes: ['x@y.example'] }], 'same'],
    ['a mailbox that a rule is for now', 'no_rule_for_mailbox', [ALL], 'no_facts'],
  ])('is what no facts were kept of: %s', async (_, outcome, rules, verdict) => {
    const row = await record([ALL], facts);
    const without = { ...row, outcome, rules: [], record: JSON.stringify({ facts: null, masked: [] }) };
    expect(await replay({ ...without, answer: { ...row.answer, body: '{}' } }, rules)).toMatchObject({ verdict });
  });
});

test('what the mailbox would not take now is left out', async () => {
  const mailboxes = JSON.stringify({ mailboxes: { 'claims@insurer.example': { tags: ['Other'] } } });
  const read = parseMailboxes(new JsonDocument('mailboxes.json', Buffer.from(mailboxes)));
  if (!read.ok) throw new Error('unreachable');
  const rules = [rule('a', [], [tag('A')])];
  const replayer = new Replayer(await load(rules), (mailbox) => read.catalogue.find(mailbox));
  expect(replayer.replay(await record(rules, facts)).changes).toEqual([removed('tag')]);
});

test('what a rule was kept from sending lately is no change, and what another sends is', async () => {
  const thanks = rule('answer', [], [send('Thank you')]);
  const before = await record([ALL], facts);
  const suppressed = [{ rule: 'answer', type: 'sendMessage', reason: 'sent_lately' }];
  const row = {
    ...before,
    rules: ['all', 'answer'],
    record: JSON.stringify({ ...JSON.parse(before.record), suppressed }),
  };
  expect(await replay(row, [ALL, thanks])).toMatchObject({ verdict: 'same', changes: [] });
  expect(await replay(row, [ALL, { ...thanks, name: 'other' }])).toMatchObject({ changes: [added('sendMessage')] });
});

describe('with the rules of then', () => {
  const TO_DESK = rule(
    'to-desk',
    [{ fact: 'message.to', operator: 'contains', value: 'desk@insurer.example' }],
    [tag('Desk')],
    {
      stop: true,
      priority: 5,
    },
  );
  const GREET = rule('greet', [], [send('Dear {{ sender.name }}')]);
  const MASKS = ['/sender/name'];

  test.each<[string, RuleFile[], RuleFile[], object]>([
    ['no edit', [TO_DESK, VIP, GREET], [TO_DESK, VIP, GREET], { verdict: 'same', open: [], openRules: [] }],
    [
      'an edit of another rule',
      [TO_DESK, VIP],
      [TO_DESK, { ...VIP, actions: [tag('Gold')] }],
      {
        verdict: 'changed',
        openRules: [],
        changes: expect.arrayContaining([{ type: 'tag', field: null, how: 'added' }]),
      },
    ],
    [
      'an edit of the condition that cannot be seen',
      [TO_DESK, VIP],
      [{ ...TO_DESK, conditions: { any: TO_DESK.conditions['all' as never] } }, VIP],
      { verdict: 'open', openRules: expect.arrayContaining(['to-desk']) },
    ],
    ['another order of rules that act', [VIP, GREET], [GREET, VIP], { verdict: 'open', open: ['sendMessage'] }],
  ])('%s', async (_, before, after, told) => {
    const row = await record(before, facts, MASKS);
    const replayer = new Replayer(await load(after), () => null);
    replayer.learn(row.answer.revision, await load(before));
    const { open, ...replayed } = replayer.replay(row);
    expect({ ...replayed, open: [...open.fields, ...open.types] }).toMatchObject(told);
  });
});
