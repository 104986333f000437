import { describe, expect, test } from '@jest/globals';
import { all, any, file, leaf, lintFiles, named, not, rule } from '../../test/support/lint-files.js';

const found = leaf('lookup.state', 'equal', 'found');
const gold = leaf('customer.tier', 'equal', 'gold');
const always = all();

describe('a rule that can never match', () => {
  test.each([
    ['a fact that is two values', all(gold, leaf('▸customer.tier', 'equal', 'silver'))],
    ['a value outside the list', all(gold, leaf('▸customer.tier', 'in', ['silver', 'bronze']))],
    ['lists without a common value', all(leaf('customer.tier', 'in', ['a', 'b']), leaf('▸customer.tier', 'in', ['c']))],
    ['a value and its negation', all(gold, leaf('▸customer.tier', 'notEqual', 'gold'))],
    [
      'a list and its negation',
      all(leaf('customer.tier', 'in', ['a', 'b']), leaf('▸customer.tier', 'notIn', ['b', 'a'])),
    ],
    [
      'three that leave nothing',
      all(
        leaf('customer.tier', 'in', ['a', 'b']),
        leaf('customer.tier', 'notEqual', 'a'),
        leaf('▸customer.tier', 'notEqual', 'b'),
      ),
    ],
    [
      'a missing value beside a value',
      all(leaf('customer.tier', 'exists', false), leaf('▸customer.tier', 'equal', 'gold')),
    ],
    [
      'a missing value beside a text',
      all(leaf('customer.tier', 'containsText', 'g'), leaf('▸customer.tier', 'exists', false)),
    ],
    ['yes and no', all(leaf('message.isReply', 'equal', true), leaf('▸message.isReply', 'equal', false))],
    ['neither yes nor no', all(leaf('message.isReply', 'notEqual', true), leaf('▸message.isReply', 'notEqual', false))],
    ['numbers', all(leaf('customer.premium', 'lessThan', 10), leaf('▸customer.premium', 'greaterThanInclusive', 10))],
    [
      'numbers at the bound',
      all(leaf('customer.premium', 'lessThanInclusive', 10), leaf('▸customer.premium', 'greaterThan', 10)),
    ],
    ['a number outside', all(leaf('customer.premium', 'equal', 5), leaf('▸customer.premium', 'greaterThan', 10))],
    [
      'numbers written as text',
      all(leaf('customer.premium', 'lessThan', '10'), leaf('▸customer.premium', 'greaterThan', 20)),
    ],
    ['times', all(leaf('now', 'after', '2026-12-01'), leaf('▸now', 'before', '2026-11-01'))],
    [
      'a text and a part that it has not',
      all(leaf('message.subject', 'equal', 'Hello'), leaf('▸message.subject', 'containsText', 'claim')),
    ],
    [
      'a pattern and its negation',
      all(leaf('message.subject', 'matches', 'x+'), leaf('▸message.subject', 'not:matches', 'x+')),
    ],
    [
      'a text and "not" around it',
      all(leaf('message.subject', 'containsText', 'x'), not(leaf('▸message.subject', 'containsText', 'x'))),
    ],
    [
      'nobody found, and a value of theirs',
      all(leaf('lookup.state', 'equal', 'not_found'), leaf('▸customer.tier', 'equal', 'gold')),
    ],
    [
      'nobody found, and a negation that needs one',
      all(leaf('lookup.state', 'in', ['not_found', 'no_sender']), leaf('▸customer', 'exists', true)),
    ],
    [
      'a customer while the CRM is down',
      all(leaf('lookup.state', 'equal', 'unavailable'), leaf('▸customer.tier', 'notEqual', 'gold')),
    ],
    ['no customer, though one was found', all(found, leaf('▸customer', 'exists', false))],
    [
      'every alternative',
      all(gold, any(leaf('▸customer.tier', 'equal', 'silver'), leaf('customer.tier', 'equal', 'bronze'))),
    ],
    [
      '"not" of an alternative that must hold',
      all(gold, not(any(leaf('▸customer.tier', 'equal', 'gold'), leaf('message.isReply', 'equal', true)))),
    ],
  ])('by %s', async (_name, conditions) => {
    const { marks, places, codes } = await lintFiles({ 'a.json': file([rule('one', conditions)]) });
    expect(places).toEqual(marks);
    expect(codes).toEqual(['never-matches']);
  });

  test.each([
    ['values of two facts', all(gold, leaf('customer.region', 'equal', 'silver'))],
    ['overlapping lists', all(leaf('customer.tier', 'in', ['a', 'b']), leaf('customer.tier', 'in', ['b', 'c']))],
    ['a list and an exception', all(leaf('customer.tier', 'in', ['a', 'b']), leaf('customer.tier', 'notEqual', 'a'))],
    [
      'ranges that meet',
      all(leaf('customer.premium', 'lessThanInclusive', 10), leaf('customer.premium', 'greaterThanInclusive', 10)),
    ],
    [
      'numbers written as text',
      all(leaf('customer.premium', 'lessThan', '10'), leaf('customer.premium', 'greaterThan', '9')),
    ],
    ['entries of a list', all(leaf('customer.tags', 'contains', 'a'), leaf('customer.tags', 'contains', 'b'))],
    [
      'some entries of a list',
      all(leaf('message.to', 'someFact:equal', 'a@x.example'), leaf('message.to', 'someFact:equal', 'b@x.example')),
    ],
    [
      'a missing value and a negation',
      all(leaf('customer.tier', 'exists', false), leaf('customer.tier', 'notEqual', 'gold')),
    ],
    [
      'nobody found and a negation',
      all(leaf('lookup.state', 'equal', 'not_found'), leaf('customer.tier', 'exists', false)),
    ],
    [
      'a text in capitals',
      all(leaf('message.subject', 'equal', 'CLAIM 7'), leaf('message.subject', 'containsText', 'claim')),
    ],
    [
      'one alternative that can hold',
      all(gold, any(leaf('customer.tier', 'equal', 'silver'), leaf('message.isReply', 'equal', true))),
    ],
    [
      'another fact as value',
      all(leaf('sender.domain', 'equal', { fact: 'customer.domain' }), leaf('sender.domain', 'equal', 'x.example')),
    ],
    ['times of two facts', all(leaf('now', 'after', '2026-12-01'), leaf('message.received', 'before', '2026-11-01'))],
    [
      'items that are different ones',
      all(
        leaf('customer.claims', 'someItem', { all: [{ fact: 'item.status', operator: 'equal', value: 'open' }] }),
        leaf('customer.claims', 'not:someItem', { all: [{ fact: 'item.status', operator: 'equal', value: 'closed' }] }),
      ),
    ],
  ])('is not claimed of %s', async (_name, conditions) => {
    const { messages } = await lintFiles({ 'a.json': file([rule('one', conditions)]) });
    expect(messages.filter((message) => message.includes('never'))).toEqual([]);
  });

  test('is told at its name when it denies what always holds', async () => {
    const { marks, places } = await lintFiles({ 'a.json': file([rule('▸one', all(gold, not(always)))]) });
    expect(places).toEqual(marks);
  });

  test('names both conditions', async () => {
    const { messages } = await lintFiles({
      'a.json': file([rule('one', all(gold, leaf('customer.tier', 'in', ['silver'])))]),
    });
    expect(messages).toEqual([
      'the rule never matches: customer.tier in ["silver"] cannot hold together with customer.tier equal "gold" (a.json:2:42)',
    ]);
  });

  test('is told in the rule when one condition stands elsewhere, at its name when both do', async () => {
    const conditions = { gold: all(gold), silver: all(leaf('customer.tier', 'equal', 'silver')) };
    const { marks, places, messages } = await lintFiles({
      'a.json': file([
        rule('one', all(leaf('▸customer.tier', 'equal', 'gold'), named('silver'))),
        rule('▸two', all(named('gold'), named('silver'))),
      ]),
      'b.json': file([], conditions),
    });
    expect(places).toEqual(marks);
    expect(messages).toEqual([
      'the rule never matches: customer.tier equal "gold" cannot hold together with customer.tier equal "silver" (b.json:1:127)',
      'the rule never matches: customer.tier equal "silver" (b.json:1:127) cannot hold together with customer.tier equal "gold" (b.json:1:37)',
    ]);
  });

  test('acts on the unknown: then what it asks of the customer does not count', async () => {
    const conditions = all(leaf('lookup.state', 'equal', 'unavailable'), gold);
    const { places } = await lintFiles({ 'a.json': file([rule('one', conditions, '"onUnknown": "match"')]) });
    expect(places).toEqual([]);
  });

  test('is left alone while it is disabled, and when it has too many alternatives', async () => {
    const contradiction = all(gold, leaf('customer.tier', 'equal', 'silver'));
    const words = any(
      ...Array.from({ length: 10 }, (_, index) => leaf('message.subject', 'containsText', `word ${index}`)),
    );
    const { places } = await lintFiles({
      'a.json': file([
        rule('disabled', contradiction, '"enabled": false'),
        rule('complex', all(words, words, contradiction)),
      ]),
    });
    expect(places).toEqual([]);
  });
});

const GROUP = '"exclusive": "routing"';

describe('a rule that never acts', () => {
  test.each([
    ['an equal one', all(gold), all(gold)],
    ['one without conditions', always, all(gold)],
    ['one with fewer conditions', all(gold), all(found, gold)],
    ['a list that has the value', all(leaf('customer.tier', 'in', ['gold', 'platinum'])), all(found, gold)],
    ['a longer list', all(leaf('customer.tier', 'in', ['a', 'b', 'c'])), all(leaf('customer.tier', 'in', ['c', 'a']))],
    ['one that excludes another value', all(leaf('customer.tier', 'notEqual', 'silver')), all(gold)],
    [
      'one that asks for any value',
      all(leaf('customer.tier', 'exists', true)),
      all(leaf('customer.tier', 'containsText', 'g')),
    ],
    ['one that asks for a customer', all(found), all(gold)],
    [
      'one that asks for a customer otherwise',
      all(leaf('customer', 'exists', true)),
      all(leaf('customer.tier', 'startsWith', 'g')),
    ],
    [
      'a wider range',
      all(leaf('customer.premium', 'greaterThan', 10)),
      all(leaf('customer.premium', 'greaterThanInclusive', 11)),
    ],
    [
      'the state that is left',
      all(leaf('lookup.state', 'notIn', ['found', 'unavailable'])),
      all(leaf('lookup.state', 'equal', 'not_found')),
    ],
    [
      'a part of the text',
      all(leaf('message.subject', 'containsText', 'CLAIM')),
      all(leaf('message.subject', 'equal', 'New claim')),
    ],
    ['one alternative', any(gold, leaf('message.isReply', 'equal', true)), all(gold)],
    [
      'all of its alternatives',
      any(gold, leaf('customer.tier', 'equal', 'silver')),
      all(leaf('customer.tier', 'in', ['gold'])),
    ],
    ['the same "not"', all(not(gold)), all(found, leaf('customer.tier', 'notEqual', 'gold'))],
    [
      'the same item',
      all(leaf('customer.claims', 'someItem', { all: [] })),
      all(found, leaf('customer.claims', 'someItem', { all: [] })),
    ],
  ])('beside %s before it', async (_name, first, second) => {
    const { marks, places, codes } = await lintFiles({
      'a.json': file([rule('one', first, GROUP), rule('▸two', second, GROUP)]),
    });
    const never = places.filter((_, index) => codes[index] === 'never-acts');
    expect(never).toEqual(marks);
  });

  test.each([
    ['more conditions', all(gold, leaf('message.isReply', 'equal', true)), all(found, gold)],
    ['a shorter list', all(leaf('customer.tier', 'in', ['a'])), all(leaf('customer.tier', 'in', ['a', 'b']))],
    ['another value', all(gold), all(leaf('customer.tier', 'equal', 'silver'))],
    [
      'a narrower range',
      all(leaf('customer.premium', 'greaterThan', 11)),
      all(leaf('customer.premium', 'greaterThan', 10)),
    ],
    [
      'a condition that is unknown while the CRM is down',
      all(leaf('customer.tier', 'notEqual', 'x')),
      all(leaf('message.isReply', 'equal', true)),
    ],
    [
      'a missing customer, who may only be unknown',
      all(leaf('customer', 'exists', false)),
      all(leaf('lookup.state', 'in', ['not_found', 'unavailable'])),
    ],
    ['only one of two alternatives', all(gold), any(gold, leaf('message.isReply', 'equal', true))],
    [
      'one that asks for a value, which null is not',
      all(leaf('customer.tier', 'exists', true)),
      all(leaf('customer.tier', 'equal', null)),
    ],
    ['another pattern', all(leaf('message.subject', 'matches', 'a')), all(leaf('message.subject', 'matches', 'ab'))],
  ])('is not claimed beside %s', async (_name, first, second) => {
    const { codes } = await lintFiles({ 'a.json': file([rule('one', first, GROUP), rule('two', second, GROUP)]) });
    expect(codes.filter((code) => code === 'never-acts')).toEqual([]);
  });

  test.each([
    ['of another group', GROUP, '"exclusive": "other"'],
    ['of no group', '"priority": 2', GROUP],
    ['disabled', `${GROUP}, "enabled": false`, GROUP],
    ['on trial', `${GROUP}, "mode": "shadow"`, GROUP],
    ['only valid for a time', `${GROUP}, "validUntil": "2026-12-31"`, GROUP],
    ['for fewer mailboxes', `${GROUP}, "mailboxes": ["claims@x.example"]`, `${GROUP}, "mailboxes": ["*@x.example"]`],
    ['later by priority', GROUP, `${GROUP}, "priority": 2`],
    ['that stops only if it wins its group', `${GROUP}, "stop": true`, '"priority": 1'],
  ])('is not claimed beside one %s', async (_name, first, second) => {
    const { places } = await lintFiles({
      'a.json': file([rule('one', always, first), rule('two', all(gold), second)]),
    });
    expect(places).toEqual([]);
  });

  test('is not claimed of one that is on trial, disabled, or acts on the unknown', async () => {
    const { places } = await lintFiles({
      'a.json': file([
        rule('one', all(gold), GROUP),
        rule('two', all(gold, found), `${GROUP}, "mode": "shadow"`),
        rule('three', all(gold, found), `${GROUP}, "enabled": false`),
        rule('four', all(gold, found), `${GROUP}, "onUnknown": "match"`),
      ]),
    });
    expect(places).toEqual([]);
  });

  test('says which rule comes first, over files and for mailboxes within a domain', async () => {
    const { messages } = await lintFiles({
      'a.json': file([rule('narrow', all(gold), `${GROUP}, "mailboxes": ["claims@x.example"]`)]),
      'b.json': file([rule('wide', always, `${GROUP}, "mailboxes": ["*@x.example"], "priority": 7`)]),
    });
    expect(messages).toEqual([
      'the rule never acts: whenever it matches, "wide" (b.json:2:11) does, too, and comes first in the group "routing"',
    ]);
  });

  test('stands after one that stops the others', async () => {
    const { marks, places, messages } = await lintFiles({
      'a.json': file([
        rule('before', all(gold)),
        rule('stopper', always, '"stop": true'),
        rule('▸after', all(gold), '"exclusive": "other"'),
      ]),
    });
    expect(places).toEqual(marks);
    expect(messages).toEqual([
      'the rule never acts: whenever it matches, "stopper" (a.json:3:11) does, too, and comes first and stops the rules after it',
    ]);
  });
});

describe('a rule that is there twice', () => {
  const twin = (name: string, more = '') =>
    rule(name, all(gold), more, '{ "type": "tag", "value": { "tags": ["VIP"] } }');

  test('is told at the second', async () => {
    const { marks, places, messages } = await lintFiles({
      'a.json': file([twin('one')]),
      'b.json': file([twin('▸two', '"description": "copied", "priority": 1')]),
    });
    expect(places).toEqual(marks);
    expect(messages).toEqual(['the rule has the conditions and actions of "one" (a.json:2:11); one of them is enough']);
  });

  test.each([
    ['"mailboxes": ["claims@x.example"]'],
    ['"mode": "shadow"'],
    ['"validFrom": "2026-12-01"'],
    ['"enabled": false'],
  ])('is none with %s', async (more) => {
    const { places } = await lintFiles({ 'a.json': file([twin('one'), twin('two', more)]) });
    expect(places).toEqual([]);
  });
});
