import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { tempFolder } from '../../test/support/temp-folder.js';
import { JsonDocument } from '../files/json-document.js';
import { MailboxCatalogue } from './mailbox-catalogue.js';
import { parseMailboxes, readMailboxes } from './read-mailboxes.js';

const parse = (text: string) => parseMailboxes(new JsonDocument('mailboxes.json', Buffer.from(text)));

/** What is known of one mailbox with this content. */
function mailbox(entry: unknown) {
  const read = parse(JSON.stringify({ mailboxes: { 'Claims@Insurer.example': entry } }));
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return read.catalogue.find('claims@insurer.example')!;
}

/** `line:column  message` of everything that is wrong. */
function faultsOf(text: string): string[] {
  const read = parse(text);
  return read.ok ? [] : read.faults.map(({ line, column, message }) => `${line}:${column}  ${message}`);
}

/** The faults of a mailbox whose content starts in line 2, column 1. */
const faultsOfMailbox = (entry: string) => faultsOf(`{ "mailboxes": { "claims@insurer.example":\n${entry} } }`);

describe('a catalogue', () => {
  test('finds a mailbox by its address in normal form, however it is written', () => {
    const read = parse('{ "mailboxes": { " Büro@Müller-Spedition.EXAMPLE ": { "tags": ["A"] } } }');
    const found = read.ok ? read.catalogue.find('büro@xn--mller-spedition-zvb.example') : null;
    expect(found?.content.tags).toEqual(['A']);
    expect(read.ok && read.catalogue.find('other@insurer.example')).toBeNull();
  });

  test('tells "not known" from "none"', () => {
    const unknown = mailbox({});
    expect(unknown.content).toEqual({
      address: 'claims@insurer.example',
      customFields: null,
      tags: null,
      users: null,
      templates: null,
      timeZone: null,
    });
    const none = mailbox({ customFields: [], tags: [], users: [], templates: [] });
    for (const [mayBe, held] of [
      [true, unknown],
      [false, none],
    ] as const) {
      expect(held.mayHaveField('a')).toBe(mayBe);
      expect(held.mayHaveTag('a')).toBe(mayBe);
      expect(held.mayHaveUser('a')).toBe(mayBe);
      expect(held.mayHaveTemplate('a')).toBe(mayBe);
    }
  });

  test('reads everything that a mailbox has', () => {
    const { content } = mailbox({
      description: 'ours',
      customFields: [{ key: 'claim', description: 'number', pattern: '^\\d+$' }, { key: 'region' }],
      tags: ['VIP', ' Fleet '],
      users: ['Joe Cool', { name: 'Lee Park', email: 'Lee@insurer.example' }],
      templates: ['Acknowledgement'],
      timeZone: 'America/Toronto',
    });
    expect(content.customFields?.map(({ key, pattern }) => [key, pattern?.pattern() ?? null])).toEqual([
      ['claim', '^\\d+$'],
      ['region', null],
    ]);
    expect(content).toMatchObject({
      tags: ['VIP', 'Fleet'],
      users: ['Joe Cool', 'Lee Park', 'Lee@insurer.example'],
      templates: ['Acknowledgement'],
      timeZone: 'America/Toronto',
    });
  });
});

describe('what is wrong is reported where it stands', () => {
  test('in the file as a whole', () => {
    expect(faultsOf('{ "mailboxes": {')).toEqual(['1:17  not valid JSON: "}" is expected here (is the file cut off?)']);
    expect(faultsOf('[]')).toEqual(['1:1  the mailbox catalogue must be an object, not a list']);
    expect(faultsOf('{ "mailbox": {} }')).toEqual([
      '1:1  the mailbox catalogue needs "mailboxes"',
      '1:3  unknown key "mailbox" in the mailbox catalogue, did you mean "mailboxes"?',
    ]);
    expect(faultsOf('{ "description": 5, "mailboxes": [] }')).toEqual([
      '1:18  "description" must be text, not 5',
      '1:34  "mailboxes" must be an object, not a list',
    ]);
  });

  test('in addresses', () => {
    expect(faultsOf('{ "mailboxes": {\n  "claims": {},\n  "*@insurer.example ,": {} } }')).toEqual([
      '2:3  not the e-mail address of a mailbox: "claims"',
      '3:3  not the e-mail address of a mailbox: "*@insurer.example ,"',
    ]);
    expect(faultsOf('{ "mailboxes": {\n  "a@b.example": {},\n  "A@B.example": {} } }')).toEqual([
      '3:3  the same mailbox as "a@b.example" in line 2',
    ]);
    expect(faultsOf('{ "mailboxes": {\n  "a@b.example": {},\n  "a@b.example": [] } }')).toEqual([
      '3:3  duplicate key "a@b.example", first written in line 2',
      '3:18  a mailbox must be an object, not a list',
    ]);
  });

  test.each([
    ['{ "tag": [] }', '2:3  unknown key "tag" in a mailbox, did you mean "tags"?'],
    ['{ "tags": "VIP" }', '2:11  "tags" must be a list, not "VIP"'],
    ['{ "tags": null }', '2:11  "tags" must be a list, not null'],
    ['{ "tags": ["VIP", 5] }', '2:19  a tag must be text, not 5'],
    ['{ "tags": [" "] }', '2:12  a tag must be text, not " "'],
    ['{ "templates": [{}] }', '2:17  a template must be text, not an object'],
    ['{ "users": [null] }', '2:13  a user must be text, not null'],
    ['{ "users": [{ "name": "Joe" }] }', '2:13  a user needs "email"'],
    ['{ "users": [{ "name": "Joe", "email": "" }] }', '2:39  "email" must be text, not ""'],
    [
      '{ "users": [{ "name": "J", "email": "e", "mail": 1 }] }',
      '2:42  unknown key "mail" in a user, did you mean "email"?',
    ],
    ['{ "customFields": ["claim"] }', '2:20  a custom field must be an object, not "claim"'],
    ['{ "customFields": [{ "pattern": "x" }] }', '2:20  a custom field needs "key"'],
    ['{ "customFields": [{ "key": " " }] }', '2:29  "key" must be text, not " "'],
    ['{ "customFields": [{ "key": "a" },\n{ "key": "a" }] }', '3:10  duplicate custom field "a"'],
    [
      '{ "customFields": [{ "key": "a", "patern": "x" }] }',
      '2:34  unknown key "patern" in a custom field, did you mean "pattern"?',
    ],
    [
      '{ "customFields": [{ "key": "a", "pattern": "(?=x)" }] }',
      '2:45  "pattern" is no RE2 pattern: invalid or unsupported Perl syntax: `(?=`',
    ],
    [
      '{ "customFields": [{ "key": "a", "pattern": "[" }] }',
      '2:45  "pattern" is no RE2 pattern: missing closing ]: `[`',
    ],
    ['{ "timeZone": "Toronto" }', '2:15  "timeZone" must be an IANA name such as Europe/Berlin'],
  ])('in a mailbox: %s', (entry, fault) => {
    expect(faultsOfMailbox(entry)).toEqual([fault]);
  });
});

describe('a missing file', () => {
  const path = () => join(tempFolder(), 'mailboxes.json');

  test('is an empty catalogue', async () => {
    expect(await readMailboxes({ path: path(), isRequired: false })).toEqual({
      ok: true,
      catalogue: MailboxCatalogue.EMPTY,
    });
  });

  test('is a fault when somebody named it', async () => {
    const read = await readMailboxes({ path: path(), isRequired: true });
    expect(read.ok ? [] : read.faults.map(({ message }) => message)).toEqual([
      'cannot read the mailbox catalogue (ENOENT); without one, leave MAILBOXES_CONFIG unset',
    ]);
  });

  test('is something else than one that cannot be read', async () => {
    expect(await readMailboxes({ path: tempFolder(), isRequired: false })).toMatchObject({ ok: false });
  });
});
