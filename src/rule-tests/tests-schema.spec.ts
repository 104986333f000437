import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { sourceFile } from '../../test/support/rule-tests.js';
import { MailboxCatalogue } from '../mailboxes/mailbox-catalogue.js';
import { readRuleTestFile } from './read-rule-tests.js';
import { testsSchema } from './tests-schema.js';

const RULES = new URL('../../rules/', import.meta.url);
const FILES = (await readdir(RULES)).filter((name) => name.endsWith('.test.json'));

const validate = new Ajv({ strict: false, allErrors: true }).compile(
  testsSchema({ customerFields: null, catalogue: MailboxCatalogue.EMPTY }),
);

const isAccepted = (file: object) =>
  readRuleTestFile(sourceFile('a.test.json', 'tests', file), { ruleNames: null, customerFields: null }).document.faults
    .length === 0;

test.each(FILES)('the sample tests of %s validate', async (name) => {
  validate(await readJson(name));
  expect(validate.errors).toBeNull();
});

const TEST = { name: 'one', expect: { rules: ['vip'] } };
const ACTIONS = [
  { type: 'setCustomFields', name: 'Context', value: { claimNumber: 'CLM-1', policyNumber: '' } },
  { type: 'tag', value: { tags: ['VIP'] } },
  {
    type: 'assign',
    value: { mainAssignment: { users: ['Joe Cool'] }, backupAssignments: [{ assignToAnyUser: true }] },
  },
  {
    type: 'forwardMessage',
    value: { toAddresses: [{ emailAddress: { name: '', address: 'a@insurer.example' } }], comment: 'see {{ this }}' },
  },
];

test.each([
  ['one test', TEST],
  ['a list of tests', [TEST]],
  ['an object with tests', { $schema: 'x', description: 'of vip.json', tests: [TEST] }],
  ['a test with actions', { ...TEST, expect: { actions: ACTIONS, notRules: [] } }],
  [
    'a test with all its keys',
    {
      ...TEST,
      description: 'all of it',
      now: '2026-11-24',
      message: {
        mailbox: 'claims@insurer.example',
        from: { emailAddress: { name: 'Dana Reyes', address: 'dana@northwind.example' } },
        sender: 'dana@northwind.example',
        to: ['claims@insurer.example'],
        cc: null,
        subject: '',
        bodyText: null,
        hasAttachments: true,
        received: '2026-11-24T08:30:00Z',
        customFields: { claimNumber: 'CLM-1' },
      },
      customer: { tier: 'gold' },
      lookup: { state: 'found', matchedBy: 'domain', source: 'crm', stale: true, ageSeconds: 7, incomplete: true },
    },
  ],
])('schema and service accept %s', (_, file) => {
  validate(file);
  expect(validate.errors).toBeNull();
  expect(isAccepted(file)).toBe(true);
});

test.each([
  ['a test without a name', { expect: { rules: [] } }],
  ['a test without expectation', [{ name: 'one' }]],
  ['an expectation of nothing', { ...TEST, expect: {} }],
  ['an unknown key', { ...TEST, mesage: {} }],
  ['an unknown field of the message', { ...TEST, message: { subjct: 'x' } }],
  ['another event', { ...TEST, message: { event: 'sent' } }],
  ['a recipient that is none', { ...TEST, message: { to: [5] } }],
  ['a customer that is a text', { ...TEST, customer: 'Dana' }],
  ['a state that there is not', { ...TEST, lookup: { state: 'down' } }],
  ['an action type that there is not', { ...TEST, expect: { actions: [{ type: 'archive', value: {} }] } }],
  ['a rule twice', { ...TEST, expect: { rules: ['vip', 'vip'] } }],
])('schema and service refuse %s', (_, file) => {
  expect(validate(file)).toBe(false);
  expect(isAccepted(file)).toBe(false);
});

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(path, RULES), 'utf8')) as unknown;
}
