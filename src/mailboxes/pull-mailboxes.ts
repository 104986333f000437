import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatFault } from '../files/fault.js';
import { JsonDocument, valueOf } from '../files/json-document.js';
import { replaceFile } from '../files/replace-file.js';
import { EnricherError } from '../shared/errors.js';
import { type EmailgisticsApi, listMailboxes } from './list-mailboxes.js';
import { type MailboxesContent, type Merge, mergeListing } from './merge-listing.js';
import { parseMailboxes } from './read-mailboxes.js';

export interface PullOptions {
  readonly api: EmailgisticsApi;
  /** The catalogue to bring up to date; made when it is missing. */
  readonly file: string;
  readonly isDryRun: boolean;
}

export interface Pull extends Pick<Merge, 'changes' | 'notListed'> {
  /** How many mailboxes Emailgistics listed. */
  readonly listed: number;
}

const SCHEMA = './schema/mailboxes.schema.json';

/**
 * Brings tags, users and time zones of a catalogue up to date with Emailgistics. What only people know (custom fields,
 * templates, descriptions) stays.
 *
 * @throws EnricherError `MAILBOXES_INVALID`, `EMAILGISTICS_…` or `OUTPUT_FAILED`; the file is then as before
 */
export async function pullMailboxes({ api, file, isDryRun }: PullOptions): Promise<Pull> {
  const before = await readContent(file);
  const listed = await listMailboxes(api);
  const { content, changes, notListed } = mergeListing(before, listed);
  if (changes.length > 0 && !isDryRun) await write(file, `${JSON.stringify(content, null, 2)}\n`);
  return { listed: listed.length, changes, notListed };
}

async function readContent(file: string): Promise<MailboxesContent> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT')
      throw new EnricherError('MAILBOXES_INVALID', `Cannot read ${file} (${code})`, { cause: error });
    const hasSchema = existsSync(join(dirname(file), SCHEMA));
    return { ...(hasSchema ? { $schema: SCHEMA } : {}), mailboxes: {} };
  }
  const document = new JsonDocument(file, bytes);
  const read = parseMailboxes(document);
  if (read.ok) return valueOf(document.root!) as MailboxesContent;
  const list = read.faults.map(formatFault).join('\n');
  throw new EnricherError('MAILBOXES_INVALID', `Mend ${file} first, it has ${read.faults.length} fault(s):\n${list}`);
}

async function write(file: string, text: string): Promise<void> {
  // Whatever was listed, what we write must be what the service takes.
  const read = parseMailboxes(new JsonDocument(file, Buffer.from(text)));
  if (!read.ok) {
    const list = read.faults.map(({ message }) => message).join('; ');
    throw new EnricherError(
      'EMAILGISTICS_ANSWER_UNUSABLE',
      `What Emailgistics lists would make a broken file: ${list}`,
    );
  }
  try {
    await replaceFile(file, text);
  } catch (error) {
    const { code = 'failed' } = error as NodeJS.ErrnoException;
    throw new EnricherError('OUTPUT_FAILED', `Cannot write ${file} (${code}); --out names another file`, {
      cause: error,
    });
  }
}
