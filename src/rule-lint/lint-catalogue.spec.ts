import { expect, test } from '@jest/globals';
import { all, file, lintFiles, rule, set, tag } from '../../test/support/lint-files.js';

const MAILBOXES = {
  'claims@insurer.example': {
    customFields: [{ key: 'region' }, { key: 'policyNumber', pattern: '^POL-\\d{6}$' }],
    tags: ['VIP', 'Urgent'],
    users: ['Joe Cool', { name: 'Mira Holt', email: 'mira.holt@insurer.example' }],
    templates: ['Receipt'],
  },
  'sales@insurer.example': { customFields: [{ key: 'region' }], tags: ['VIP', 'Lead'] },
  'info@branch.example': {},
};

const FOR_CLAIMS = '"mailboxes": ["claims@insurer.example"]';
const FOR_BOTH = '"mailboxes": ["claims@insurer.example", "sales@insurer.example"]';
const FOR_DOMAIN = '"mailboxes": ["*@insurer.example"]';

const assign = (...users: readonly string[]) => {
  const [first, ...others] = users.map((user) => (user.startsWith('▸') ? `▸"${user.slice(1)}"` : `"${user}"`));
  return `{ "type": "assign", "value": { "mainAssignment": { "users": [${first}] }, "backupAssignments": [{ "users": [${others.join(', ') || '"Joe Cool"'}] }] } }`;
};
const send = (template: string) => `{ "type": "sendMessage", "value": { "templateName": ${template} } }`;

test.each([
  [
    'unknown-tag',
    FOR_CLAIMS,
    tag('VIP', '▸Urgnt'),
    'claims@insurer.example has no tag "Urgnt", did you mean "Urgent"?',
  ],
  ['unknown-tag', FOR_CLAIMS, tag('▸vip'), 'claims@insurer.example has no tag "vip", did you mean "VIP"?'],
  ['unknown-tag', FOR_BOTH, tag('▸Lead', 'VIP'), 'claims@insurer.example has no tag "Lead"'],
  [
    'unknown-tag',
    FOR_BOTH,
    tag('▸Storm'),
    'claims@insurer.example and 1 more of this rule\'s mailboxes have no tag "Storm"',
  ],
  ['unknown-tag', FOR_DOMAIN, tag('▸Storm', 'Lead', 'Urgent'), 'no mailbox of this rule has a tag "Storm"'],
  [
    'unknown-custom-field',
    FOR_CLAIMS,
    set('▸regoin', 'North'),
    'claims@insurer.example has no custom field "regoin", did you mean "region"?',
  ],
  [
    'unknown-custom-field',
    FOR_DOMAIN,
    set('▸area', '{{ customer.area }}'),
    'no mailbox of this rule has a custom field "area"',
  ],
  [
    'unknown-user',
    FOR_CLAIMS,
    assign('Joe Cool', '▸Mira Hold'),
    'claims@insurer.example has no user "Mira Hold", did you mean "Mira Holt"?',
  ],
  [
    'unknown-user',
    FOR_CLAIMS,
    assign('▸nobody@insurer.example'),
    'claims@insurer.example has no user "nobody@insurer.example"',
  ],
  [
    'unknown-template',
    FOR_CLAIMS,
    send('▸"Reciept"'),
    'claims@insurer.example has no message template "Reciept", did you mean "Receipt"?',
  ],
  [
    'value-too-long',
    '',
    `{ "type": "setCustomFields", "value": { "region": ▸"${'x'.repeat(101)}" } }`,
    'the value has 101 characters, Emailgistics keeps 100; the rest is cut',
  ],
  [
    'value-fails-pattern',
    '',
    '{ "type": "setCustomFields", "value": { "policyNumber": ▸"104233" } }',
    'the value does not fit the pattern of "policyNumber" in claims@insurer.example and would be left out',
  ],
  [
    'value-fails-pattern',
    '',
    '{ "type": "setCustomFields", "value": { "policyNumber": ▸104233 } }',
    'the value does not fit the pattern of "policyNumber" in claims@insurer.example and would be left out',
  ],
])('%s: %s %s', async (code, mailboxes, action, message) => {
  const { marks, places, codes, messages } = await lintFiles(
    { 'a.json': file([rule('one', all(), mailboxes, action)]) },
    MAILBOXES,
  );
  expect(places).toEqual(marks);
  expect(codes).toEqual([code]);
  expect(messages).toEqual([message]);
});

test.each([
  [
    'what the mailbox has',
    FOR_CLAIMS,
    [
      tag('VIP', ' Urgent '),
      set('policyNumber', 'POL-104233'),
      assign('joe cool', 'MIRA.HOLT@insurer.example'),
      send('"Receipt"'),
    ],
  ],
  ['what one mailbox of a domain has', FOR_DOMAIN, [tag('Lead', 'Urgent'), set('policyNumber', 'POL-104233')]],
  [
    'what a mailbox may have of which nothing is known',
    '"mailboxes": ["info@branch.example"]',
    [tag('x'), set('x', 'x'), assign('x'), send('"x"')],
  ],
  [
    'a mailbox that is not in the catalogue',
    '"mailboxes": ["hr@insurer.example"]',
    [tag('x'), set('x', 'x'), assign('x'), send('"x"')],
  ],
  [
    'texts with templates',
    FOR_CLAIMS,
    [
      tag('{{ customer.tag }}'),
      set('policyNumber', '{{ customer.no }}'),
      assign('{{ customer.owner }}'),
      send('"{{ customer.language }}"'),
    ],
  ],
  ['a field that is blanked', FOR_CLAIMS, [set('policyNumber', '')]],
  ['100 characters, some of two code units', '', [set('region', '😀'.repeat(100))]],
])('says nothing of %s', async (_name, mailboxes, actions) => {
  const { messages } = await lintFiles(
    { 'a.json': file([rule('one', all(), mailboxes, actions.join(', '))]) },
    MAILBOXES,
  );
  expect(messages).toEqual([]);
});

test('without a catalogue only lengths are checked', async () => {
  const actions = [tag('x'), set('x', 'y'.repeat(101)), assign('x')].join(', ');
  const { codes } = await lintFiles({ 'a.json': file([rule('one', all(), FOR_CLAIMS, actions)]) });
  expect(codes).toEqual(['value-too-long']);
});
