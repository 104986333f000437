import { expect, test } from '@jest/globals';
import { type MailboxesContent, mergeListing } from './merge-listing.js';
import type { ListedMailbox } from './read-listing.js';

const CLAIMS = 'claims@insurer.example';

const listing = (fields: Partial<ListedMailbox> = {}): ListedMailbox => ({
  address: CLAIMS,
  tags: null,
  users: null,
  timeZone: null,
  ...fields,
});

const lee = { name: 'Lee Park', email: 'lee@insurer.example' };

test('tags, users and time zone are replaced; what only people know stays, and so does the order', () => {
  const content: MailboxesContent = {
    $schema: './schema/mailboxes.schema.json',
    description: 'ours',
    mailboxes: {
      'renewals@insurer.example': { tags: ['Kept'] },
      'Claims@Insurer.example': {
        description: 'claims',
        timeZone: 'Europe/Berlin',
        users: ['Lee Park', 'Gone'],
        tags: ['Old', 'VIP'],
        customFields: [{ key: 'claim', pattern: '^x$' }],
        templates: ['T'],
      },
    },
  };
  const listed = [listing({ tags: ['Fleet', 'VIP'], users: [lee], timeZone: 'America/Toronto' })];
  const merge = mergeListing(content, listed);
  expect(JSON.stringify(merge.content)).toBe(
    JSON.stringify({
      $schema: './schema/mailboxes.schema.json',
      description: 'ours',
      mailboxes: {
        'renewals@insurer.example': { tags: ['Kept'] },
        'Claims@Insurer.example': {
          description: 'claims',
          timeZone: 'America/Toronto',
          users: [lee],
          tags: ['Fleet', 'VIP'],
          customFields: [{ key: 'claim', pattern: '^x$' }],
          templates: ['T'],
        },
      },
    }),
  );
  expect(merge.changes).toEqual([
    'Claims@Insurer.example: + tag "Fleet"',
    'Claims@Insurer.example: - tag "Old"',
    'Claims@Insurer.example: + user "Lee Park <lee@insurer.example>"',
    'Claims@Insurer.example: - user "Lee Park"',
    'Claims@Insurer.example: - user "Gone"',
    'Claims@Insurer.example: time zone America/Toronto',
  ]);
  expect(merge.notListed).toEqual(['renewals@insurer.example']);
});

test('new mailboxes come last, by address', () => {
  const listed = ['z@x.example', CLAIMS, 'a@x.example'].map((address) => listing({ address, tags: ['T'] }));
  const { content, changes } = mergeListing({ mailboxes: { [CLAIMS]: { tags: ['T'] } } }, listed);
  expect(Object.keys(content.mailboxes)).toEqual([CLAIMS, 'a@x.example', 'z@x.example']);
  expect(content.mailboxes['a@x.example']).toEqual({ tags: ['T'] });
  expect(changes).toEqual(['a@x.example: new', 'a@x.example: + tag "T"', 'z@x.example: new', 'z@x.example: + tag "T"']);
});

test('what was not told stays', () => {
  const entry = { tags: ['A'], users: ['B'], timeZone: 'Europe/Berlin' };
  const merge = mergeListing({ mailboxes: { [CLAIMS]: entry } }, [listing()]);
  expect(merge).toEqual({ content: { mailboxes: { [CLAIMS]: entry } }, changes: [], notListed: [] });
});

test('the same entries in another order are no change', () => {
  const entry = { tags: ['B', 'A'], users: [lee, 'Ann'] };
  const listed = [listing({ tags: ['A', 'B'], users: [{ name: 'Ann', email: null }, lee] })];
  const { content, changes } = mergeListing({ mailboxes: { [CLAIMS]: entry } }, listed);
  expect(content.mailboxes[CLAIMS]).toEqual(entry);
  expect(changes).toEqual([]);
});

test('no tags at all is something to know', () => {
  const first = mergeListing({ mailboxes: { [CLAIMS]: {} } }, [listing({ tags: [] })]);
  expect(first.content.mailboxes[CLAIMS]).toEqual({ tags: [] });
  expect(first.changes).toEqual([`${CLAIMS}: no tags`]);
  expect(mergeListing(first.content, [listing({ tags: [] })]).changes).toEqual([]);
});

test('merging the same again changes nothing', () => {
  const listed = [listing({ tags: ['A'], users: [lee, { name: null, email: 'x@y.example' }], timeZone: 'UTC' })];
  const { content } = mergeListing({ mailboxes: {} }, listed);
  expect(content.mailboxes[CLAIMS]).toEqual({ tags: ['A'], users: [lee, 'x@y.example'], timeZone: 'UTC' });
  expect(mergeListing(content, listed)).toEqual({ content, changes: [], notListed: [] });
});

test('control characters of names do not reach the terminal', () => {
  const { changes } = mergeListing({ mailboxes: {} }, [listing({ tags: ['\u001b[2Jx'] })]);
  expect(changes[1]).toBe(`${CLAIMS}: + tag "\\u001b[2Jx"`);
});
