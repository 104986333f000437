import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { JsonDocument } from '../files/json-document.js';
import { parseMailboxes } from './read-mailboxes.js';

const validate = new Ajv({ allErrors: true }).compile(await readJson('../../config/schema/mailboxes.schema.json'));

/** Whether the service takes the catalogue; the schema must say the same. */
function isAccepted(catalogue: object): boolean {
  return parseMailboxes(new JsonDocument('mailboxes.json', Buffer.from(JSON.stringify(catalogue)))).ok;
}

const one = (mailbox: unknown) => ({ mailboxes: { 'claims@insurer.example': mailbox } });

test('the sample catalogue validates', async () => {
  validate(await readJson('../../config/mailboxes.json'));
  expect(validate.errors).toBeNull();
});

test.each([
  ['no mailbox at all', { mailboxes: {} }],
  ['notes for people', { description: 'ours', ...one({ description: 'claims', customFields: [] }) }],
  ['a mailbox of which nothing is known', one({})],
  ['lists of nothing', one({ customFields: [], tags: [], users: [], templates: [] })],
  ['custom fields', one({ customFields: [{ key: 'a' }, { key: 'b', description: 'number', pattern: '^\\d+$' }] })],
  ['users in each form', one({ users: ['Joe Cool', 'lee@insurer.example', { name: 'Lee', email: 'lee@x.example' }] })],
  ['names', one({ tags: ['VIP', 'VIP'], templates: ['Thanks'], timeZone: 'Europe/Berlin' })],
])('schema and service accept %s', (_, catalogue) => {
  validate(catalogue);
  expect(validate.errors).toBeNull();
  expect(isAccepted(catalogue)).toBe(true);
});

test.each([
  ['a catalogue without mailboxes', {}],
  ['an unknown key', { mailboxes: {}, mailbox: {} }],
  ['a list of mailboxes', { mailboxes: [] }],
  ['an address that is none', { mailboxes: { claims: {} } }],
  ['a mailbox that is none', one([])],
  ['an unknown key in a mailbox', one({ fields: [] })],
  ['tags that are no list', one({ tags: 'VIP' })],
  ['an empty tag', one({ tags: [' '] })],
  ['a template that is no text', one({ templates: [1] })],
  ['a custom field without a key', one({ customFields: [{ pattern: 'x' }] })],
  ['a custom field with an empty key', one({ customFields: [{ key: '' }] })],
  ['an empty pattern', one({ customFields: [{ key: 'a', pattern: '' }] })],
  ['a user without an address', one({ users: [{ name: 'Joe' }] })],
  ['an unknown key in a user', one({ users: [{ name: 'Joe', email: 'joe@x.example', id: 1 }] })],
  ['an empty time zone', one({ timeZone: '' })],
  ['an empty note', { ...one({}), description: '' }],
])('schema and service refuse %s', (_, catalogue) => {
  expect(validate(catalogue)).toBe(false);
  expect(isAccepted(catalogue)).toBe(false);
});

async function readJson(path: string): Promise<object> {
  return JSON.parse(await readFile(new URL(path, import.meta.url), 'utf8')) as object;
}
