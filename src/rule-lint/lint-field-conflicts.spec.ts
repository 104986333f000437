import { expect, test } from '@jest/globals';
import { all, any, file, leaf, lintFiles, named, not, rule, set } from '../../test/support/lint-files.js';

const found = leaf('lookup.state', 'equal', 'found');
const gold = leaf('customer.tier', 'equal', 'gold');
const reply = leaf('message.isReply', 'equal', true);
const premium = (operator: string, value: number) => leaf('customer.premium', operator, value);

const one = (conditions: string, more = '', value = 'A') => rule('one', conditions, more, set('region', value));
const two = (conditions: string, more = '', value = 'B') => rule('two', conditions, more, set('▸region', value));

test.each([
  ['conditions that have nothing to do with each other', one(all(gold)), two(all(reply))],
  ['the same conditions', one(all(gold)), two(all(gold))],
  ['the same conditions and another priority', one(all(gold), '"priority": 9'), two(all(gold))],
  [
    'lists that overlap',
    one(all(leaf('customer.tier', 'in', ['a', 'b']))),
    two(all(leaf('customer.tier', 'in', ['b', 'c']))),
  ],
  ['ranges that overlap', one(all(premium('lessThan', 20))), two(all(premium('greaterThan', 10)))],
  ['different templates', one(all(gold), '', '{{ customer.region }}'), two(all(reply), '', '{{ customer.area }}')],
  ['a narrower one at the same priority', one(all(gold)), two(all())],
  ['a narrower one that comes later', one(all(found)), two(all(gold))],
  [
    'overlapping mailboxes',
    one(all(gold), '"mailboxes": ["a@x.example"]'),
    two(all(reply), '"mailboxes": ["*@x.example"]'),
  ],
  ['overlapping dates', one(all(gold), '"validUntil": "2026-12-02"'), two(all(reply), '"validFrom": "2026-12-01"')],
  [
    'one of several alternatives',
    one(any(gold, reply)),
    two(all(leaf('customer.tier', 'equal', 'silver'), leaf('sender.isInternal', 'equal', false))),
  ],
])('warns of two values under %s', async (_name, first, second) => {
  const { marks, places, codes } = await lintFiles({ 'a.json': file([first, second]) });
  expect(places).toEqual(marks);
  expect(codes).toEqual(['conflicting-fields']);
});

test.each([
  ['the same value', one(all(gold)), two(all(reply), '', 'A')],
  ['another value of one fact', one(all(gold)), two(all(leaf('customer.tier', 'equal', 'silver')))],
  [
    'no common list entry',
    one(all(leaf('customer.tier', 'in', ['a']))),
    two(all(leaf('customer.tier', 'in', ['b', 'c']))),
  ],
  [
    'a condition and its opposite',
    one(all(leaf('message.subject', 'matches', 'x'))),
    two(all(leaf('message.subject', 'not:matches', 'x'))),
  ],
  ['a named condition and its opposite', one(all(named('vip'))), two(all(not(named('vip'))))],
  ['customers and strangers', one(all(gold)), two(all(leaf('lookup.state', 'equal', 'not_found')))],
  ['ranges apart', one(all(premium('lessThan', 10))), two(all(premium('greaterThanInclusive', 10)))],
  ['a range and a number outside it', one(all(premium('lessThan', 10))), two(all(premium('equal', 10)))],
  [
    'alternatives that all differ',
    one(any(gold, leaf('customer.tier', 'equal', 'silver'))),
    two(all(leaf('customer.tier', 'in', ['bronze']))),
  ],
  [
    'other mailboxes',
    one(all(gold), '"mailboxes": ["a@x.example"]'),
    two(all(reply), '"mailboxes": ["b@x.example", "*@y.example"]'),
  ],
  ['other dates', one(all(gold), '"validUntil": "2026-12-01"'), two(all(reply), '"validFrom": "2026-12-01"')],
  ['one exclusive group', one(all(gold), '"exclusive": "g"'), two(all(reply), '"exclusive": "g"')],
  ['a first one that stops the rest', one(all(gold), '"stop": true'), two(all(reply))],
  ['a first one on trial', one(all(gold), '"mode": "shadow"'), two(all(reply))],
  ['a second one that is disabled', one(all(gold)), two(all(reply), '"enabled": false')],
  ['a special case before the general one', one(all(gold, reply), '"priority": 9'), two(all(gold))],
  ['a special case before the default', one(all(gold), '"priority": 9'), two(all())],
  [
    'a template, and what stands in when it is empty',
    one(all(gold), '"priority": 9', '{{ customer.region }}'),
    two(all(gold)),
  ],
  ['another field', one(all(gold)), rule('two', all(reply), '', set('area', 'B'))],
])('says nothing of %s', async (_name, first, second) => {
  const { codes } = await lintFiles({
    'a.json': file(
      [first, second].map((text) => text.replace('▸', '')),
      { vip: all(gold) },
    ),
  });
  expect(codes.filter((code) => code === 'conflicting-fields')).toEqual([]);
});

test('names the earlier rule and its place, once however many there are', async () => {
  const { messages } = await lintFiles({
    'a.json': file([rule('late', all(gold), '', set('region', 'C'))]),
    'b.json': file([
      rule('early', all(reply), '"priority": 5', set('region', 'A')),
      rule('middle', all(found), '"priority": 3', set('region', 'A')),
    ]),
  });
  expect(messages).toEqual([
    '"region" gets another value from "early" (b.json:2:181), which comes first; when both match, this one is lost',
  ]);
});

test('warns at most 20 times in a file', async () => {
  const rules = Array.from({ length: 30 }, (_, index) =>
    rule(
      `r${index}`,
      all(leaf('message.subject', 'containsText', `word ${index}`)),
      '',
      set('topic', `topic ${index}`),
    ),
  );
  const other = rule('other', all(reply), '', set('topic', 'reply'));
  const { places } = await lintFiles({ 'a.json': file(rules), 'b.json': file([other]) });
  expect(places).toHaveLength(21);
});
