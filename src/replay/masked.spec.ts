import { describe, expect, test } from '@jest/globals';
import { answer, fields, forward, record, replay, rule, send, tag } from '../../test/support/recorded-decision.js';
import { factsWith } from '../../test/support/rule-program.js';
import { FACT_DEFINITIONS, type Facts } from '../facts/facts.js';

const facts = factsWith({ tier: 'gold' }, false);
const ALL = rule('all', [], [fields({ desk: 'Claims' })]);

describe('whatever is masked', () => {
  const FACTS = Object.entries(FACT_DEFINITIONS).filter(([name]) => name !== 'lists');
  const MASKS = [
    ...FACTS.flatMap(([name, { fields: known = {} }]) => [
      `/${name}`,
      ...Object.keys(known).map((at) => `/${name}/${at}`),
    ]),
    '/customer/tier',
    '/conversation/customFields/note',
  ];
  const needed = ['/message', '/message/mailbox', '/lookup', '/lookup/state', '/lookup/incomplete', '/now'];
  const read = (name: string, fact: string, value: unknown, action: object, more = {}) =>
    rule(name, [{ fact, operator: 'notEqual', value }], [action], more);
  const RULES = [
    read('for a desk', 'customer.tier', 'silver', fields({ tier: '{{ customer.tier }}' }), { exclusive: 'desk' }),
    read('for a mailbox', 'message.subject', 'x', fields({ m: '{{ message.id }}' }), {
      mailboxes: ['*@insurer.example'],
    }),
    read('by name', 'sender.name', { fact: 'conversation.customFields.note' }, tag('{{ sender.name }}')),
    read('known', 'lookup.matchedBy', 'domain', fields({ by: '{{ lookup.source }}' }), { exclusive: 'desk' }),
    read('noted', 'conversation.customFields.note', 'x', fields({ n: '{{ conversation.customFields.note }}' })),
    read('dated', 'now', '2020-01-01', fields({ at: '{{ now }}' }), { validFrom: '2020-01-01' }),
    read('answer', 'message.isReply', false, answer('Thank you'), { onUnknown: 'match' }),
    read('mail', 'sender.isAutoReply', true, send('Thank you'), { stop: true }),
    read('later', 'sender.domain', 'x', forward('{{ message.to }}'), { mode: 'shadow' }),
  ];
  const noted: Facts = { ...facts, conversation: { customFields: { note: 'a' } } };
  const skipped: Facts = { ...noted, customer: null, lookup: { ...facts.lookup, state: 'skipped', matchedBy: null } };

  test.each(MASKS)('the same rules change nothing: %s', async (mask) => {
    const row = await record(RULES, noted, [mask]);
    const { verdict, changes, isReordered, newlyMatching, noLongerMatching } = await replay(row, RULES);
    expect({ verdict, changes, isReordered, newlyMatching, noLongerMatching }).toEqual({
      verdict: 'open',
      changes: [],
      isReordered: false,
      newlyMatching: [],
      noLongerMatching: [],
    });
  });

  test.each(MASKS)('other rules are told as far as that goes: %s', async (mask) => {
    const told = await replay(await record([ALL], noted, [mask]), RULES);
    expect(told.verdict).toBe(needed.includes(mask) ? 'open' : 'changed');
    expect((await replay(await record([ALL], skipped, [mask]), RULES)).verdict).toBe(told.verdict);
  });

  test.each(needed)('no rule for the mailbox is no question: %s', async (mask) => {
    const elsewhere = { ...ALL, mailboxes: ['sales@insurer.example'] };
    expect(await replay(await record([ALL], noted, [mask]), [elsewhere])).toMatchObject({
      verdict: 'changed',
      noLongerMatching: ['all'],
    });
  });
});
