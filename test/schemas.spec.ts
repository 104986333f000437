import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { Ajv } from 'ajv';
import { expect, test } from '@jest/globals';
import { schema } from '../src/cli/schema.js';
import { parseMailboxes } from '../src/mailboxes/read-mailboxes.js';
import { JsonDocument } from '../src/files/json-document.js';
import { rulesSchema } from '../src/rules/rules-schema.js';

test('the committed schemas are what "enricher schema" writes', async () => {
  let printed = '';
  const out = new Writable({ write: (chunk: Buffer, _encoding, done) => ((printed += chunk.toString()), done()) });
  expect([await schema({ check: true }, {}, out), printed]).toEqual([0, 'the schemas are up to date\n']);
});

test('the schema of rules offers what is configured, and takes what it does not know', () => {
  const read = parseMailboxes(new JsonDocument('mailboxes.json', readFileSync('config/mailboxes.json')));
  if (!read.ok) throw new Error('the sample catalogue has faults');
  const made = rulesSchema({ customerFields: ['tier', 'claimNumber'], catalogue: read.catalogue });
  const text = JSON.stringify(made);
  for (const offer of [
    'customer.claimNumber',
    'VIP',
    'Joe Cool',
    'policyNumber',
    'message.subjectBase',
    'containsText',
  ])
    expect(text).toContain(`"${offer}"`);
  const validate = new Ajv({ strict: false }).compile(made);
  const condition = { fact: 'customer.somethingNew', operator: 'equal', value: 1 };
  const actions = [
    { type: 'tag', value: { tags: ['{{ customer.tags }}', 'New tag'] } },
    { type: 'setCustomFields', value: { newField: 'x' } },
  ];
  expect(validate({ rules: [{ name: 'r', conditions: { all: [condition] }, actions }] })).toBe(true);
});
