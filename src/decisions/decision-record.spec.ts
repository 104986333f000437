import { describe, expect, test } from '@jest/globals';
import { factsWith } from '../../test/support/rule-program.js';
import type { RuleVerdict } from '../rules/verdict.js';
import { AddressHash } from '../shared/address-hash.js';
import { DecisionMasker } from './decision-record.js';
import { formatPointer, parsePointer, type Pointer } from './masks.js';

const hash = new AddressHash('a key');
const pointers = (...texts: string[]) => texts.map((text) => parsePointer(text)!);
const masker = (more: Partial<ConstructorParameters<typeof DecisionMasker>[0]> = {}) =>
  new DecisionMasker({ masks: [], keepBody: false, addressHash: hash, ...more });
const given = factsWith({ tier: 'gold', iban: 'XX00', person: { name: 'Dana', phones: ['1', '2'] } }, false);
const facts = { ...given, message: { ...given.message, bodyText: 'Dear all' }, lists: { vip: ['a'] } };

test.each<[string, Pointer | null]>([
  ['/customer/iban', ['customer', 'iban']],
  ['/a~1b/~0c', ['a/b', '~c']],
  ['/', ['']],
  ['/customer/phones/0', ['customer', 'phones', '0']],
  ['', null],
  ['customer', null],
  ['/a~2', null],
  ['/a~', null],
])('the pointer %j', (text, expected) => {
  expect(parsePointer(text)).toEqual(expected);
  if (expected !== null) expect(formatPointer(expected)).toBe(text);
});

describe('facts that are kept', () => {
  test('have hashes for addresses, no body and no lists, and all else as it was', () => {
    const { lists: _, ...rest } = facts;
    expect(masker().facts(facts).facts).toEqual({
      ...rest,
      message: { ...rest.message, bodyText: null, to: rest.message.to.map((address) => hash.of(address)) },
      sender: { ...rest.sender, address: hash.of('dana@northwind.example'), local: null },
    });
    expect(JSON.stringify(masker().facts(facts))).not.toContain('dana@');
  });

  test.each<[string, string[], object]>([
    ['a field', ['/customer/iban'], { tier: 'gold', person: { name: 'Dana', phones: ['1', '2'] }, iban: null }],
    [
      'an entry of a list',
      ['/customer/person/phones/1'],
      { ...facts.customer, person: { name: 'Dana', phones: ['1', null] } },
    ],
    ['an object', ['/customer/person'], { ...facts.customer, person: null }],
    ['what is not there', ['/customer/nothing/deep', '/nowhere', '/customer/toString'], facts.customer!],
  ])('can lack %s', (_, texts, customer) => {
    const before = JSON.stringify(facts);
    expect(masker({ masks: pointers(...texts) }).facts(facts).facts.customer).toEqual(customer);
    expect(JSON.stringify(facts)).toBe(before);
  });

  test('can have everything', () => {
    const { lists: _, ...rest } = facts;
    const open = masker({ keepBody: true, addressHash: null });
    expect(open.facts(facts)).toEqual({ facts: rest, masked: [] });
  });

  test('have hashes for addresses in the customer too, wherever they stand', () => {
    const customer = { mail: 'dana@northwind.example', other: { mails: ['x', 'lee@fabrikam.example'] }, note: 'a @ b' };
    const kept = masker().facts({ ...facts, customer });
    expect(kept.facts.customer).toEqual({
      mail: hash.of('dana@northwind.example'),
      other: { mails: ['x', hash.of('lee@fabrikam.example')] },
      note: 'a @ b',
    });
    expect(kept.masked).toEqual(expect.arrayContaining(['/customer/mail', '/customer/other/mails/1']));
  });

  test('say what was masked', () => {
    expect([...masker({ masks: pointers('/customer/iban') }).facts(facts).masked].toSorted()).toEqual([
      '/customer/iban',
      '/message/bodyText',
      '/message/to',
      '/sender/address',
      '/sender/local',
    ]);
    const empty = { ...facts, message: { ...facts.message, bodyText: null, to: [] }, customer: null };
    const strangers = { ...empty, sender: { ...facts.sender, address: null, local: null } };
    expect(masker({ masks: pointers('/customer/iban') }).facts(strangers).masked).toEqual([]);
  });
});

test.each<[string, string, unknown, unknown, boolean]>([
  ['a plain fact', 'customer.tier', 'gold', 'gold', false],
  ['a masked fact', 'sender.address', 'dana@northwind.example', 'x', true],
  ['an entry of a masked fact', 'message.to[0]', 'claims@insurer.example', 'x', true],
  ['a fact that holds a masked one', 'sender', { address: 'dana@northwind.example' }, 'x', true],
  ['a comparison with a masked fact', 'customer.mail', 'other', 'dana@northwind.example', true],
  ['a comparison with an entry of a masked fact', 'customer.mail', 'other', 'lee@fabrikam.example', true],
])('why a rule matched by %s', (_, fact, read, wanted, isMasked) => {
  const why = {
    location: { file: 'a.json', line: 1, column: 1 },
    fact,
    operator: 'equal',
    isNegated: false,
    wanted,
    read,
  };
  const verdict: RuleVerdict = { rule: 'r', mode: 'live', location: why.location, verdict: 'matched', why };
  const kept = masker().verdict(verdict, facts).why!;
  expect(kept).toMatchObject(isMasked ? { isMasked, wanted: null } : { isMasked, wanted, read });
  expect('read' in kept).toBe(!isMasked);
});
