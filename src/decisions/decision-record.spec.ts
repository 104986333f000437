import { describe, expect, test } from '@jest/globals';
import { factsWith } from '../../test/support/rule-program.js';
import { tempFolder } from '../../test/support/temp-folder.js';
import { composeActions } from '../actions/compose-actions.js';
import type { Facts } from '../facts/facts.js';
import { decide } from '../rules/decide.js';
import { loadRules } from '../rules/load-rules.js';
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

  test('have hashes for addresses wherever one may stand', () => {
    const customer = { mail: 'dana@northwind.example', other: { mails: ['x', 'lee@fabrikam.example'] }, note: 'a @ b' };
    const conversation = { customFields: { contact: 'kim@fabrikam.example', region: 'north' } };
    const sender = { ...facts.sender, name: 'dana@northwind.example' };
    const kept = masker().facts({ ...facts, customer, conversation, sender });
    expect(kept.facts.conversation.customFields).toEqual({ contact: hash.of('kim@fabrikam.example'), region: 'north' });
    expect(kept.facts.sender.name).toBe(hash.of('dana@northwind.example'));
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

test.each<[string, fact: string, wantedFact: string | null, isMasked: boolean]>([
  ['a plain fact', 'customer.tier', null, false],
  ['a masked fact', 'sender.address', null, true],
  ['an entry of a masked fact', 'message.to[0]', null, true],
  ['a fact that holds a masked one', 'sender', null, true],
  ['an address of the customer', 'customer.mail', null, true],
  ['an entry of a list of them', 'customer.mails[0]', null, true],
  ['a fact that holds one', 'customer', null, true],
  ['a comparison with a plain fact', 'message.subject', 'customer.tier', false],
  ['a comparison with a masked fact', 'message.subject', 'sender.address', true],
  ['a comparison with an entry of one', 'message.subject', 'message.cc[0]', true],
  ['a comparison with an address of the customer', 'message.subject', 'customer.mail', true],
  ['a path that cannot be read', "customer['it's']", null, true],
])('why a rule matched by %s', (_, fact, wantedFact, isMasked) => {
  const location = { file: 'a.json', line: 1, column: 1 };
  const seen = { read: 'seen', wanted: 'wanted', ...(wantedFact === null ? {} : { wantedFact }) };
  const why = { location, fact, operator: 'equal', isNegated: false, ...seen };
  const verdict: RuleVerdict = { rule: 'r', mode: 'live', location, verdict: 'matched', why };
  const customer = { tier: 'gold', mail: 'dana@northwind.example', mails: ['lee@fabrikam.example'] };
  const [kept] = masker().verdicts([verdict], { ...facts, customer });
  expect(kept?.why).toMatchObject(isMasked ? { isMasked, wanted: null } : { isMasked, wanted: 'wanted', read: 'seen' });
  expect('read' in kept!.why!).toBe(!isMasked);
});

describe('what is kept of a decision', () => {
  const tag = (...tags: string[]) => ({ type: 'tag', name: 'Tag', value: { tags } });
  const forward = (address: string) => ({
    type: 'forwardMessage',
    name: 'Forward',
    value: { toAddresses: [address, 'desk@insurer.example'] },
  });

  async function keep(condition: object, actions: readonly object[], masks: readonly string[], seen: Facts) {
    const rule = (name: string) => ({ name, conditions: { all: [condition] }, actions });
    const files = { 'rules.json': JSON.stringify({ rules: [rule('first'), rule('second')] }) };
    const loaded = await loadRules(tempFolder(files), { customerFields: null });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
    const { acting, verdicts } = decide(loaded.ruleSet, seen);
    const { suppressed } = composeActions(acting, seen, null);
    const own = masker({ masks: pointers(...masks) });
    return {
      ...own.facts(seen),
      verdicts: own.verdicts(verdicts, seen),
      suppressed: own.suppressed(suppressed),
    };
  }

  const ANY = { fact: 'message.subject', operator: 'exists', value: true };
  const differs = (fact: string) => ({ fact: 'message.subject', operator: 'notEqual', value: { fact } });
  test.each<[string, secret: string, masks: string[], condition: object, action: object, facts: Partial<Facts>]>([
    ['a tag of a masked fact', 'XX00', ['/customer/iban'], ANY, tag('of {{ customer.iban }}'), {}],
    ['a tag below a mask', 'XX00', ['/customer'], ANY, tag('{{ customer.iban }}'), {}],
    [
      'a recipient',
      'no-reply@fabrikam',
      [],
      ANY,
      forward('{{ customer.mail }}'),
      { customer: { mail: 'no-reply@fabrikam.example' } },
    ],
    [
      'an address of the customer that a condition reads',
      'lee@fabrikam',
      [],
      { fact: 'customer.mail', operator: 'endsWith', value: '.example' },
      tag('Lee'),
      { customer: { mail: 'lee@fabrikam.example' } },
    ],
    [
      'one that a condition compares with',
      'lee@fabrikam',
      [],
      differs('customer.mail'),
      tag('Lee'),
      { customer: { mail: 'lee@fabrikam.example' } },
    ],
    ['what a condition compares with below a mask', 'XX00', ['/customer'], differs('customer.iban'), tag('IBAN'), {}],
    [
      'an address in a custom field',
      'kim@fabrikam',
      [],
      { fact: 'conversation.customFields.contact', operator: 'exists', value: true },
      tag('Kim'),
      { conversation: { customFields: { contact: 'kim@fabrikam.example' } } },
    ],
  ])('lacks %s', async (_, secret, masks, condition, action, more) => {
    const kept = await keep(condition, [action], masks, { ...facts, ...more });
    expect(kept.verdicts).toHaveLength(2);
    expect(kept.suppressed.length).toBeGreaterThan(0);
    expect(JSON.stringify(kept)).not.toContain(secret);
  });

  test('says what a rule has written itself', async () => {
    const { suppressed, verdicts } = await keep(ANY, [tag('VIP', '{{ customer.tier }}')], [], facts);
    expect(suppressed).toMatchObject([
      { rule: 'second', part: 'VIP', isRendered: false, reason: 'set_before', wonBy: 'first' },
      { rule: 'second', part: null, isRendered: true, reason: 'set_before', wonBy: 'first' },
    ]);
    expect(verdicts).toMatchObject([{ why: { fact: 'message.subject' } }, { why: { fact: 'message.subject' } }]);
  });
});
