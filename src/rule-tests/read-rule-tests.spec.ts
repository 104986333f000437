import { describe, expect, test } from '@jest/globals';
import { sourceFile } from '../../test/support/rule-tests.js';
import { buildFacts } from '../facts/build-facts.js';
import type { Facts } from '../facts/facts.js';
import { formatFault } from '../files/fault.js';
import { readRuleTestFile } from './read-rule-tests.js';
import type { RuleTest } from './rule-test.js';

const CONTEXT = { ruleNames: new Set(['vip', 'partner']), customerFields: ['tier', 'region'] };

function read(content: object | string, context: Parameters<typeof readRuleTestFile>[1] = CONTEXT) {
  const { document, tests } = readRuleTestFile(sourceFile('a.test.json', 'tests', content), context);
  return {
    faults: document.faults.map((fault) => formatFault(fault).split('\n')[0]!),
    tests: tests.map((one) => one.test),
  };
}

const EXPECT = { rules: [] };

function factsOf(given: object): Facts {
  const { faults, tests } = read({ name: 'one', expect: EXPECT, ...given });
  expect(faults).toEqual([]);
  const { delivery, found, now } = tests[0]!;
  return buildFacts(delivery, found, now, {});
}

describe('a file of tests', () => {
  const one = { name: 'one', expect: { rules: ['vip'] } };
  const names = (tests: readonly RuleTest[]) => tests.map(({ name }) => name);

  test.each([
    ['one test', one],
    ['one test with a schema', { $schema: './schema/tests.schema.json', ...one }],
    ['a list of tests', [one]],
    ['an object with tests', { $schema: './schema/tests.schema.json', description: 'of vip.json', tests: [one] }],
  ])('can be %s', (_, content) => {
    const { faults, tests } = read(content);
    expect(faults).toEqual([]);
    expect(names(tests)).toEqual(['one']);
  });

  test('can be empty', () => {
    expect(read([])).toEqual({ faults: [], tests: [] });
  });

  test('gives the good tests, whatever is wrong with the others', () => {
    const { faults, tests } = read([one, { name: 'two' }, { name: 'three', expect: { rules: [] } }]);
    expect(names(tests)).toEqual(['one', 'three']);
    expect(faults).toHaveLength(1);
  });

  test('says where a test stands by its name', () => {
    expect(read(`[\n  { "name": "one", "expect": { "rules": [] } }\n]`).tests[0]?.location).toEqual({
      file: 'a.test.json',
      line: 2,
      column: 13,
    });
  });
});

describe('where a test says nothing', () => {
  test('it is a plain message to a mailbox that no rule names, by a sender whom no CRM knows', () => {
    expect(factsOf({})).toMatchObject({
      now: '2026-01-01T12:00:00.000Z',
      customer: null,
      lookup: { state: 'not_found', matchedBy: null, source: null, stale: false, ageSeconds: null, incomplete: false },
      message: {
        mailbox: 'test@enricher.example',
        to: ['test@enricher.example'],
        cc: [],
        subject: 'Test message',
        bodyText: null,
        received: '2026-01-01T12:00:00.000Z',
        hasAttachments: false,
      },
      sender: { address: 'sender@customer.example', onBehalfOf: null, isInternal: false, isNoReply: false },
      conversation: { customFields: {} },
    });
  });

  test('the message was received at the time of the evaluation, and sent to its mailbox by its own sender', () => {
    const facts = factsOf({
      now: '2026-11-24T09:00:00+01:00',
      message: { mailbox: 'Claims@Insurer.example', from: 'dana@northwind.example' },
    });
    expect(facts).toMatchObject({
      now: '2026-11-24T08:00:00.000Z',
      message: {
        mailbox: 'claims@insurer.example',
        to: ['claims@insurer.example'],
        received: '2026-11-24T08:00:00.000Z',
      },
      sender: { address: 'dana@northwind.example', onBehalfOf: null },
    });
  });
});

describe('a message', () => {
  test('has the fields of the payload', () => {
    const dana = { emailAddress: { name: 'Dana Reyes', address: 'Dana@Northwind.example' } };
    const facts = factsOf({
      message: {
        id: 'm7',
        event: 'received',
        mailbox: 'claims@insurer.example',
        from: dana,
        sender: 'assistant@northwind.example',
        to: [dana, 'lee@fabrikam.example'],
        cc: null,
        subject: '',
        bodyText: 'Help',
        hasAttachments: true,
        received: '2026-11-24T08:30:00Z',
        timestamp: '2026-11-24T08:30:05Z',
        conversationId: 'c9',
        internetMessageId: '<9@x.example>',
        customFields: { claimNumber: 'CLM-1', count: 2 },
      },
    });
    expect(facts).toMatchObject({
      message: {
        id: 'm7',
        to: ['dana@northwind.example', 'lee@fabrikam.example'],
        cc: [],
        subject: '',
        bodyText: 'Help',
        hasAttachments: true,
        received: '2026-11-24T08:30:00Z',
        conversationId: 'c9',
      },
      sender: { name: 'Dana Reyes', address: 'dana@northwind.example', onBehalfOf: 'assistant@northwind.example' },
      conversation: { customFields: { claimNumber: 'CLM-1', count: '2' } },
    });
  });

  test.each([[null], [{ emailAddress: { name: 'System', address: null } }], [{ emailAddress: { address: '' } }]])(
    'from %j has no sender, who then is looked up nowhere',
    (from) => {
      expect(factsOf({ message: { from } })).toMatchObject({
        sender: { address: null },
        lookup: { state: 'no_sender' },
      });
    },
  );
});

describe('a look-up', () => {
  const FOUND = { state: 'found', matchedBy: 'email', source: 'test', stale: false, ageSeconds: 0, incomplete: false };

  test.each([
    ['finds the customer by address', {}, FOUND],
    [
      'can have found by other means',
      { matchedBy: 'last_known', stale: true, ageSeconds: 90_000, source: 'crm' },
      { state: 'found', matchedBy: 'last_known', stale: true, ageSeconds: 90_000, source: 'crm', incomplete: false },
    ],
  ])('%s', (_, lookup, wanted) => {
    const facts = factsOf({ customer: { tier: 'gold' }, lookup });
    expect({ ...facts.customer }).toEqual({ tier: 'gold' });
    expect(facts.lookup).toEqual(wanted);
  });

  test('that is unavailable knows no customer, whatever the test says of one', () => {
    expect(factsOf({ customer: { tier: 'gold' }, lookup: { state: 'unavailable' } })).toMatchObject({
      customer: null,
      lookup: { state: 'unavailable', matchedBy: null, source: null, ageSeconds: null },
    });
  });

  test('can be ambiguous, or not made', () => {
    expect(factsOf({ lookup: { state: 'ambiguous' } }).lookup).toMatchObject({ state: 'ambiguous', source: 'test' });
    expect(factsOf({ customer: null, lookup: { state: 'skipped' } }).lookup).toMatchObject({ state: 'skipped' });
  });
});

/** A file with one test, in which `▸` marks where the fault is expected. */
const withTest = (more: string, expectation = '{ "rules": [] }') =>
  `{ "name": "one", ${more} "expect": ${expectation} }`;

const FAULTS: readonly (readonly [name: string, marked: string, message: string])[] = [
  ['malformed JSON', '[{ "name": "one" ▸"expect": {} }]', 'not valid JSON: "," is expected here'],
  ['a text instead of tests', '▸"one"', 'a file of tests must be an object, not "one"'],
  ['an unknown key of the file', '{ ▸"test": [] }', 'unknown key "test" in a file of tests, did you mean "tests"?'],
  ['a file without tests', '▸{ "description": "nothing" }', 'a file of tests needs "tests"'],
  ['an unknown key of a test', withTest('▸"mesage": {},'), 'unknown key "mesage" in a test, did you mean "message"?'],
  ['a schema in a test of several', `[${withTest('▸"$schema": "x",')}]`, 'unknown key "$schema" in a test'],
  ['a test without a name', '[▸{ "expect": { "rules": [] } }]', 'a test needs "name"'],
  ['a test without expectation', '▸{ "name": "one" }', 'a test needs "expect"'],
  [
    'two tests of one name',
    `[${withTest('')}, { "name": ▸"one", "expect": { "rules": [] } }]`,
    'duplicate test "one", first defined at a.test.json:1:12',
  ],
  [
    'a time that is none',
    withTest('"now": ▸"tomorrow",'),
    '"now" must be a date or time, such as "2026-12-01" or "2026-12-01T09:00:00+01:00"',
  ],
  [
    'an unknown field of a message',
    withTest('"message": { ▸"subjct": "x" },'),
    'unknown key "subjct" in "message", did you mean "subject"?',
  ],
  ['a subject that is none', withTest('"message": { "subject": ▸5 },'), '"subject" must be text, not 5'],
  ['an empty id', withTest('"message": { "id": ▸"" },'), '"id" must not be empty'],
  [
    'another event',
    withTest('"message": { "event": ▸"sent" },'),
    '"event" can only be "received": no rule is asked about "sent"',
  ],
  [
    'a mailbox that is no address',
    withTest('"message": { "mailbox": ▸"claims" },'),
    '"mailbox" must be an address, not "claims"',
  ],
  ['a sender that is no address', withTest('"message": { "from": ▸"dana" },'), '"from" is no e-mail address: "dana"'],
  [
    'a sender in another form',
    withTest('"message": { "from": { ▸"adress": "dana@northwind.example", "emailAddress": {} } },'),
    'unknown key "adress" in "from"',
  ],
  [
    'a part of a sender in another form',
    withTest('"message": { "from": { "emailAddress": { ▸"adress": "dana@northwind.example" } } },'),
    'unknown key "adress" in "emailAddress", did you mean "address"?',
  ],
  [
    'a recipient that is no address',
    withTest('"message": { "to": ["a@b.example", ▸5] },'),
    'an entry of "to" must be an address or { "emailAddress": { "name": "…", "address": "…" } }, not 5',
  ],
  [
    'recipients that are no list',
    withTest('"message": { "cc": ▸"a@b.example" },'),
    '"cc" must be a list, not "a@b.example"',
  ],
  [
    'attachments in words',
    withTest('"message": { "hasAttachments": ▸"yes" },'),
    '"hasAttachments" must be true or false, not "yes"',
  ],
  [
    'a time of receipt that is none',
    withTest('"message": { "received": ▸"yesterday" },'),
    '"received" must be a date or time, such as "2026-12-01T09:00:00Z", not "yesterday"',
  ],
  [
    'a custom field that is a list',
    withTest('"message": { "customFields": { "claimNumber": ▸[] } },'),
    '"claimNumber" must be text, not a list',
  ],
  ['a customer that is a list', withTest('"customer": ▸[],'), '"customer" must be an object, not a list'],
  [
    'an unknown key of the look-up',
    withTest('"lookup": { ▸"status": "found" },'),
    'unknown key "status" in "lookup", did you mean "state"?',
  ],
  [
    'a state that there is not',
    withTest('"lookup": { "state": ▸"unavailabel" },'),
    '"state" must be one of found, not_found, ambiguous, unavailable, no_sender, skipped, not "unavailabel", did you mean "unavailable"?',
  ],
  ['a found nobody', withTest('▸"lookup": { "state": "found" },'), 'the look-up state "found" needs a "customer"'],
  [
    'a customer who was not found',
    withTest('"customer": {}, ▸"lookup": { "state": "not_found" },'),
    'the look-up state "not_found" means that there is no "customer"',
  ],
  [
    'a customer of no sender',
    withTest('"message": { "from": null }, ▸"customer": {},'),
    'a message without a sender is looked up nowhere: without "customer", its state is "no_sender"',
  ],
  ['an expectation of nothing', withTest('', '▸{}'), '"expect" needs "actions", "rules" or "notRules"'],
  [
    'an unknown key of the expectation',
    withTest('', '{ "rules": [], ▸"notRule": [] }'),
    'unknown key "notRule" in "expect", did you mean "notRules"?',
  ],
  ['a rule that there is not', withTest('', '{ "rules": [▸"vpi"] }'), 'unknown rule "vpi", did you mean "vip"?'],
  [
    'a rule that there is not, and that must not act',
    withTest('', '{ "notRules": [▸"partners"] }'),
    'unknown rule "partners", did you mean "partner"?',
  ],
  ['a rule twice', withTest('', '{ "rules": ["vip", ▸"vip"] }'), '"vip" stands twice in "rules"'],
  [
    'a rule that must and must not act',
    withTest('', '{ "rules": ["vip"], "notRules": [▸"vip"] }'),
    '"vip" stands in "rules" and in "notRules"',
  ],
  ['a rule by its number', withTest('', '{ "rules": [▸1] }'), 'an entry of "rules" must be the name of a rule, not 1'],
  [
    'an action type that there is not',
    withTest('', '{ "actions": [{ "type": ▸"tagg", "value": {} }] }'),
    '"type" must be one of setCustomFields, tag, assign, sendMessage, forwardMessage, not "tagg", did you mean "tag"?',
  ],
  ['an action without a value', withTest('', '{ "actions": [▸{ "type": "tag" }] }'), 'an action needs "value"'],
];

describe('a file of tests with a fault says so at its exact place:', () => {
  test.each(FAULTS)('%s', (_name, marked, message) => {
    const { faults, tests } = read(marked.replace('▸', ''));
    expect(faults).toContain(`a.test.json:1:${marked.indexOf('▸') + 1}  ${message}`);
    expect(tests.length).toBeLessThan(2);
  });
});

test('a field of the customer that no provider maps is a warning', () => {
  const { faults, tests } = read({ name: 'one', customer: { teir: 'gold' }, expect: EXPECT });
  expect(faults).toEqual([expect.stringContaining('warning: no CRM provider maps "customer.teir", did you mean')]);
  expect(tests).toHaveLength(1);
});

test('names of rules are not checked when the rules cannot be read', () => {
  const unknown = { name: 'one', expect: { rules: ['nobody'] } };
  expect(read(unknown, { ruleNames: null, customerFields: null }).faults).toEqual([]);
});
