import { parseEmailAddress } from '../shared/email-address.js';
import { EnricherError } from '../shared/errors.js';
import { isObject } from '../shared/is-object.js';
import { isTimeZone } from './read-mailboxes.js';

/** A user as the sender's API lists it; one of the two is always there. */
export interface ListedUser {
  readonly name: string | null;
  readonly email: string | null;
}

/** An active mailbox as the sender's API lists it. What is null was not told, an empty list says that there are none. */
export interface ListedMailbox {
  /** In normal form. */
  readonly address: string;
  /** Names of the active tags, sorted. */
  readonly tags: readonly string[] | null;
  /** Active users, sorted by name. */
  readonly users: readonly ListedUser[] | null;
  readonly timeZone: string | null;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The active mailboxes of the answer to "List mailboxes". Fields that we do not know are ignored; `null` for a list is taken
 * as an empty one.
 *
 * @throws EnricherError `EMAILGISTICS_ANSWER_UNUSABLE` naming the field that is not as documented, never its value
 * @source Emailgistics API documentation, "List mailboxes"
 */
export function readListing(body: unknown): ListedMailbox[] {
  const mailboxes = isObject(body) ? list(body['mailboxes'], 'mailboxes') : null;
  if (mailboxes === null) throw unusable('"mailboxes" is missing');
  return mailboxes.flatMap(({ fields, place }) => {
    if (fields['active'] === false) return [];
    const address = parseEmailAddress(text(fields['mailboxEmail'], `${place}.mailboxEmail`) ?? '');
    if (address === null) throw unusable(`"${place}.mailboxEmail" is not an e-mail address`);
    const timeZone = text(fields['timeZone'], `${place}.timeZone`);
    return [
      {
        address: address.address,
        tags: readTags(fields, place),
        users: readUsers(fields, place),
        timeZone: timeZone !== null && isTimeZone(timeZone) ? timeZone : null,
      },
    ];
  });
}

function readTags(mailbox: Fields, mailboxPlace: string): string[] | null {
  const tags = list(mailbox['tags'], `${mailboxPlace}.tags`)?.flatMap(({ fields, place }) => {
    const name = fields['active'] === false ? null : text(fields['tagName'], `${place}.tagName`);
    return name ?? [];
  });
  return tags === undefined ? null : [...new Set(tags)].toSorted();
}

function readUsers(mailbox: Fields, mailboxPlace: string): ListedUser[] | null {
  const users = list(mailbox['users'], `${mailboxPlace}.users`)?.flatMap(({ fields, place }) => {
    if (fields['active'] === false) return [];
    const name = text(fields['userName'], `${place}.userName`);
    const email = text(fields['userEmail'], `${place}.userEmail`);
    return name === null && email === null ? [] : [{ name, email }];
  });
  if (users === undefined) return null;
  const byLabel = new Map(users.map((user) => [`${user.name ?? ''} ${user.email ?? ''}`, user]));
  return [...byLabel.keys()].toSorted().map((label) => byLabel.get(label)!);
}

/** The objects of a list with the place of each; null when the list is not there at all. */
function list(value: unknown, place: string): { fields: Fields; place: string }[] | null {
  if (value === undefined) return null;
  if (value !== null && !Array.isArray(value)) throw unusable(`"${place}" is not a list`);
  return ((value ?? []) as unknown[]).map((entry, index) => {
    if (!isObject(entry)) throw unusable(`"${place}[${index}]" is not an object`);
    return { fields: entry, place: `${place}[${index}]` };
  });
}

function text(value: unknown, place: string): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') throw unusable(`"${place}" is not text`);
  return value.trim() === '' ? null : value.trim();
}

function unusable(reason: string): EnricherError {
  return new EnricherError(
    'EMAILGISTICS_ANSWER_UNUSABLE',
    `Emailgistics' list of mailboxes is not as documented: ${reason}. Nothing was changed`,
  );
}
