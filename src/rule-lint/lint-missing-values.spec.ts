import { expect, test } from '@jest/globals';
import { all, any, file, leaf, lintFiles, named, not, rule } from '../../test/support/lint-files.js';

const found = leaf('lookup.state', 'equal', 'found');
const reply = leaf('message.isReply', 'equal', true);
const notGold = leaf('customer.tier', 'notEqual', 'gold');

test.each([
  ['notEqual', all(leaf('▸customer.tier', 'notEqual', 'gold'))],
  ['notEqual null', all(leaf('▸customer.tier', 'notEqual', null))],
  ['notIn', all(reply, leaf('▸customer.tier', 'notIn', ['gold']))],
  ['not:', all(leaf('▸customer.tier', 'not:containsText', 'gold'))],
  ['a "not"', all(not(leaf('▸customer.tier', 'in', ['gold', 'platinum'])))],
  ['a "not" around several', not(all(reply, leaf('▸customer.tier', 'equal', 'gold')))],
  ['a "not" around an item', all(not(leaf('▸customer.claims', 'someItem', { all: [] })))],
  ['a negation of another fact', all(leaf('▸customer.owner', 'notEqual', { fact: 'message.mailbox' }))],
  ['an alternative', any(all(found, notGold), leaf('▸customer.tier', 'notEqual', 'silver'))],
  [
    'a look-up that is not unavailable',
    all(leaf('lookup.state', 'notEqual', 'unavailable'), leaf('▸customer.tier', 'notEqual', 'gold')),
  ],
])('warns of %s on what may be missing', async (_name, conditions) => {
  const { marks, places, codes } = await lintFiles({ 'a.json': file([rule('one', conditions)]) });
  expect(places).toEqual(marks);
  expect(codes).toEqual(['holds-when-missing']);
});

test.each([
  ['a customer who was found', all(found, notGold)],
  ['a customer who was found, deeper', all(reply, all(all(found)), any(notGold, reply))],
  ['a customer who was found, by name', all(named('known'), notGold)],
  ['the field exists', all(leaf('customer.tier', 'exists', true), notGold)],
  ['the customer exists', all(leaf('customer', 'exists', true), notGold)],
  ['another field of the customer has a value', all(leaf('customer.line', 'equal', 'fleet'), notGold)],
  ['the field has one of some values', all(leaf('customer.tier', 'in', ['gold', 'silver']), notGold)],
  ['strangers have an alternative of their own', any(notGold, leaf('lookup.state', 'in', ['not_found', 'no_sender']))],
  ['a missing value has an alternative of its own', any(notGold, leaf('customer.tier', 'exists', false))],
  ['it is only for strangers', all(leaf('lookup.state', 'equal', 'not_found'), notGold)],
  ['it asks whether there is a value', all(leaf('customer.tier', 'exists', false))],
  ['it asks so with "not"', all(not(leaf('customer.tier', 'exists', true)))],
  ['the operator needs a list', all(leaf('customer.tags', 'doesNotContain', 'gold'))],
  ['the fact is no customer', all(leaf('sender.domain', 'notEqual', 'x.example'))],
])('says nothing where %s', async (_name, conditions) => {
  const { places } = await lintFiles({
    'a.json': file([rule('one', conditions), rule('two', all(named('known')))], { known: all(found) }),
  });
  expect(places).toEqual([]);
});

test('says what to do, and in which rule a named condition stands unguarded, once', async () => {
  const { marks, places, messages } = await lintFiles({
    'a.json': file([], { 'not-gold': all(leaf('▸customer.tier', 'notEqual', 'gold')) }),
    'b.json': file([
      rule('guarded', all(found, named('not-gold'))),
      rule('bare', all(named('not-gold'))),
      rule('bare-too', not(not(named('not-gold')))),
    ]),
  });
  expect(places).toEqual(marks);
  expect(messages).toEqual([
    'customer.tier notEqual "gold" holds when "customer.tier" is missing, too, as for every sender without a record (in the rule "bare"); to leave those out, put { "fact": "lookup.state", "operator": "equal", "value": "found" } beside it in "all"',
  ]);
});
