import { expect, test } from '@jest/globals';
import { all, file, leaf, lintFiles, named, rule, set, tag } from '../../test/support/lint-files.js';

const found = all(leaf('lookup.state', 'equal', 'found'));
const PARTNERS = { 'lists/partners.csv': 'domain,desk\nx.example,Joe Cool\n' };

test('warns of a named condition that nothing uses, at its name', async () => {
  const { marks, places, codes, messages } = await lintFiles({
    'a.json': file([rule('one', all(named('used')))], { used: found, '▸idle': found, inner: found }),
    'b.json': file([], { '▸outer': all(named('inner')) }),
  });
  expect(places).toEqual(marks);
  expect(codes).toEqual(['unused-condition', 'unused-condition']);
  expect(messages[0]).toBe('no rule uses the condition "idle"');
});

test('a rule that is disabled uses its conditions all the same', async () => {
  const { places } = await lintFiles({
    'a.json': file([rule('one', all(named('used')), '"enabled": false')], { used: found }),
  });
  expect(places).toEqual([]);
});

test('warns of a list that nothing uses', async () => {
  const { places, codes, messages } = await lintFiles({ 'a.json': file([rule('one', all())]), ...PARTNERS });
  expect(places).toEqual(['lists/partners.csv:1:1']);
  expect(codes).toEqual(['unused-list']);
  expect(messages).toEqual(['no rule uses the list "partners"']);
});

test.each([
  ['inList', rule('one', all(leaf('sender.domain', 'inList', 'partners')))],
  ['not:inList', rule('one', all(leaf('sender.domain', 'not:inList', 'partners')))],
  [
    'an inList on items',
    rule(
      'one',
      all(
        leaf('customer.claims', 'someItem', { all: [{ fact: 'item.garage', operator: 'inList', value: 'partners' }] }),
      ),
    ),
  ],
  ['a fact', rule('one', all(leaf("lists.partners['x.example'].desk", 'exists', true)))],
  [
    'the value of a condition',
    rule('one', all(leaf('sender.name', 'equal', { fact: 'lists', path: "$.partners['x.example'].desk" }))),
  ],
  ['a template', rule('one', all(), '', set('desk', '{{ lists.partners[sender.domain].desk }}'))],
  ['a loop in a template', rule('one', all(), '', tag('{% for row in lists.partners %}{{ row[0] }}{% endfor %}'))],
  [
    'a template that names it when a message comes',
    rule('one', all(), '', set('desk', '{{ lists[customer.list].x }}')),
  ],
])('%s uses a list', async (_name, text) => {
  const { places } = await lintFiles({ 'a.json': file([text]), ...PARTNERS });
  expect(places).toEqual([]);
});
