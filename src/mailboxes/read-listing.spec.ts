import { expect, test } from '@jest/globals';
import { EnricherError } from '../shared/errors.js';
import { readListing } from './read-listing.js';

const MAILBOX = { mailboxEmail: 'claims@insurer.example' };

/** What is read of one mailbox with these fields. */
const read = (fields: object) => readListing({ mailboxes: [{ ...MAILBOX, ...fields }] })[0];

test('a mailbox as it is documented, with fields that nobody knows yet', () => {
  const body = {
    _links: { origin: {} },
    mailboxes: [
      {
        mailboxId: '6f0c',
        mailboxName: 'Claims',
        mailboxEmail: 'Claims@Insurer.example',
        active: true,
        timeZone: 'America/Toronto',
        plan: { name: 'enterprise' },
        users: [
          { userId: '2', userName: 'Lee Park', userEmail: 'lee@insurer.example', active: true, role: 'agent' },
          { userId: '1', userName: ' Amara Okafor ', userEmail: 'amara@insurer.example', active: true },
        ],
        tags: [
          { tagId: '2', tagName: 'VIP', tagColor: 'Preset10', active: true },
          { tagId: '1', tagName: 'Fleet', tagColor: 'Preset1', active: true },
        ],
      },
    ],
  };
  expect(readListing(body)).toEqual([
    {
      address: 'claims@insurer.example',
      tags: ['Fleet', 'VIP'],
      users: [
        { name: 'Amara Okafor', email: 'amara@insurer.example' },
        { name: 'Lee Park', email: 'lee@insurer.example' },
      ],
      timeZone: 'America/Toronto',
    },
  ]);
});

test('what is inactive does not count', () => {
  expect(readListing({ mailboxes: [{ ...MAILBOX, active: false }] })).toEqual([]);
  const users = [
    { userName: 'Gone', userEmail: 'gone@insurer.example', active: false },
    { userName: 'Here', userEmail: 'here@insurer.example' },
  ];
  const tags = [
    { tagName: 'Old', active: false },
    { tagName: 'New', active: true },
  ];
  expect(read({ users, tags })).toMatchObject({
    users: [{ name: 'Here', email: 'here@insurer.example' }],
    tags: ['New'],
  });
});

test('a list that is missing was not told, null and [] say that there are none', () => {
  expect(read({})).toMatchObject({ tags: null, users: null, timeZone: null });
  expect(read({ tags: null, users: [] })).toMatchObject({ tags: [], users: [] });
});

test('a name or address that is missing is missing, and of nothing but blanks there is no user', () => {
  const users = [{ userName: 'Ann' }, { userEmail: 'bo@insurer.example', userName: '' }, { userName: ' ' }, {}];
  expect(read({ users })?.users).toEqual([
    { name: null, email: 'bo@insurer.example' },
    { name: 'Ann', email: null },
  ]);
});

test('what stands there twice is there once', () => {
  const user = { userName: 'Ann', userEmail: 'ann@insurer.example' };
  expect(read({ users: [user, user], tags: [{ tagName: 'A' }, { tagName: 'A ' }, { tagName: '' }] })).toMatchObject({
    users: [{ name: 'Ann', email: 'ann@insurer.example' }],
    tags: ['A'],
  });
});

test('a time zone that we cannot read was not told', () => {
  expect(read({ timeZone: 'Eastern Standard Time' })?.timeZone).toBeNull();
});

test.each([
  [null, '"mailboxes" is missing'],
  [[], '"mailboxes" is missing'],
  [{}, '"mailboxes" is missing'],
  [{ mailboxes: {} }, '"mailboxes" is not a list'],
  [{ mailboxes: ['claims'] }, '"mailboxes[0]" is not an object'],
  [{ mailboxes: [MAILBOX, {}] }, '"mailboxes[1].mailboxEmail" is not an e-mail address'],
  [{ mailboxes: [{ mailboxEmail: 5 }] }, '"mailboxes[0].mailboxEmail" is not text'],
  [{ mailboxes: [{ ...MAILBOX, timeZone: 5 }] }, '"mailboxes[0].timeZone" is not text'],
  [{ mailboxes: [{ ...MAILBOX, tags: 'VIP' }] }, '"mailboxes[0].tags" is not a list'],
  [{ mailboxes: [{ ...MAILBOX, tags: ['VIP'] }] }, '"mailboxes[0].tags[0]" is not an object'],
  [{ mailboxes: [{ ...MAILBOX, tags: [{ tagName: {} }] }] }, '"mailboxes[0].tags[0].tagName" is not text'],
  [{ mailboxes: [{ ...MAILBOX, users: [{ userEmail: 1 }] }] }, '"mailboxes[0].users[0].userEmail" is not text'],
])('%j is not as documented', (body, reason) => {
  expect(() => readListing(body)).toThrow(EnricherError);
  expect(() => readListing(body)).toThrow(reason);
});
