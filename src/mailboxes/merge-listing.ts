import { parseEmailAddress } from '../shared/email-address.js';
import type { ListedMailbox, ListedUser } from './read-listing.js';

type UserEntry = string | { readonly name: string; readonly email: string };

/** A mailbox as it is written in `mailboxes.json`. */
interface MailboxEntry {
  readonly tags?: readonly string[];
  readonly users?: readonly UserEntry[];
  readonly timeZone?: string;
  readonly [other: string]: unknown;
}

/** What is written in `mailboxes.json`, after it was checked. */
export interface MailboxesContent {
  readonly mailboxes: Readonly<Record<string, MailboxEntry>>;
  readonly [other: string]: unknown;
}

export interface Merge {
  readonly content: MailboxesContent;
  /** One line a change, for people; none when the content stays. */
  readonly changes: readonly string[];
  /** Mailboxes of the file that were not listed, and stay as they are. */
  readonly notListed: readonly string[];
}

/**
 * The content with the tags, users and time zones that were listed. All else stays, and so does the order: new mailboxes come
 * last, by address.
 */
export function mergeListing(content: MailboxesContent, listed: readonly ListedMailbox[]): Merge {
  const byAddress = new Map(listed.map((mailbox) => [mailbox.address, mailbox]));
  const changes: string[] = [];
  const notListed: string[] = [];
  const mailboxes: Record<string, MailboxEntry> = {};
  for (const [key, entry] of Object.entries(content.mailboxes)) {
    const address = parseEmailAddress(key)?.address ?? key;
    const mailbox = byAddress.get(address);
    byAddress.delete(address);
    mailboxes[key] = mailbox === undefined ? entry : update(key, entry, mailbox, changes);
    if (mailbox === undefined) notListed.push(key);
  }
  for (const address of [...byAddress.keys()].toSorted()) {
    changes.push(`${address}: new`);
    mailboxes[address] = update(address, {}, byAddress.get(address)!, changes);
  }
  return { content: { ...content, mailboxes }, changes, notListed };
}

function update(key: string, entry: MailboxEntry, listed: ListedMailbox, changes: string[]): MailboxEntry {
  const report = (change: string) => void changes.push(`${key}: ${change}`);
  const tags = replaced('tag', entry.tags, listed.tags, report);
  const users = replaced('user', entry.users, listed.users?.map(toEntry) ?? null, report);
  const timeZone = listed.timeZone ?? entry.timeZone;
  if (timeZone !== entry.timeZone) report(`time zone ${timeZone}`);
  return {
    ...entry,
    ...(tags === undefined ? {} : { tags }),
    ...(users === undefined ? {} : { users }),
    ...(timeZone === undefined ? {} : { timeZone }),
  };
}

/** The listed entries; the old ones when none were told, or the same in whatever order. */
function replaced<Entry extends UserEntry>(
  noun: string,
  old: readonly Entry[] | undefined,
  listed: readonly Entry[] | null,
  report: (change: string) => void,
): readonly Entry[] | undefined {
  if (listed === null) return old;
  const before = new Set(old?.map(label));
  const after = new Set(listed.map(label));
  const added = [...after].filter((entry) => !before.has(entry)).map((entry) => `+ ${noun} ${entry}`);
  const removed = [...before].filter((entry) => !after.has(entry)).map((entry) => `- ${noun} ${entry}`);
  const lines = old === undefined && listed.length === 0 ? [`no ${noun}s`] : [...added, ...removed];
  for (const line of lines) report(line);
  return lines.length === 0 ? old : listed;
}

function toEntry({ name, email }: ListedUser): UserEntry {
  return name !== null && email !== null ? { name, email } : (name ?? email)!;
}

/** Names come from elsewhere: quoted, so that control characters do not reach a terminal. */
function label(entry: UserEntry): string {
  return JSON.stringify(typeof entry === 'string' ? entry : `${entry.name} <${entry.email}>`);
}
