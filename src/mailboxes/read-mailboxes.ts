import { readFile } from 'node:fs/promises';
import { normalize } from 'node:path';
import { RE2JS } from 're2js';
import { type Fault, hasErrors, sortFaults } from '../files/fault.js';
import { JsonDocument, type JsonNode } from '../files/json-document.js';
import { describe, ObjectReader } from '../files/object-reader.js';
import { parseEmailAddress } from '../shared/email-address.js';
import { type CustomField, Mailbox, MailboxCatalogue, type MailboxContent } from './mailbox-catalogue.js';

export interface MailboxesFile {
  readonly path: string;
  /** Whether it must be there; a file that may be missing and is gives an empty catalogue. */
  readonly isRequired: boolean;
}

export type MailboxesRead =
  | { readonly ok: true; readonly catalogue: MailboxCatalogue }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Reads `config/mailboxes.json`. */
export async function readMailboxes({ path, isRequired }: MailboxesFile): Promise<MailboxesRead> {
  const file = normalize(path);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !isRequired) return { ok: true, catalogue: MailboxCatalogue.EMPTY };
    const message = `cannot read the mailbox catalogue (${code}); without one, leave MAILBOXES_CONFIG unset`;
    return { ok: false, faults: [{ severity: 'error', file, line: 1, column: 1, message, source: '' }] };
  }
  return parseMailboxes(new JsonDocument(file, bytes));
}

/** The catalogue in a document. */
export function parseMailboxes(document: JsonDocument): MailboxesRead {
  const catalogue = document.root && readRoot(document, document.root);
  if (catalogue === undefined || hasErrors(document.faults)) return { ok: false, faults: sortFaults(document.faults) };
  return { ok: true, catalogue };
}

function readRoot(document: JsonDocument, root: JsonNode): MailboxCatalogue | undefined {
  const reader = ObjectReader.of(document, root, 'the mailbox catalogue');
  if (reader === undefined) return undefined;
  reader.allow(['$schema', 'description', 'mailboxes'], 'the mailbox catalogue');
  reader.string('description');
  reader.require('mailboxes', 'the mailbox catalogue');
  const mailboxes = reader.object('mailboxes');
  const keys = new Map<string, JsonNode>();
  return new MailboxCatalogue(
    (mailboxes?.keys ?? []).flatMap((key) => {
      const keyNode = mailboxes!.keyNode(key);
      const address = parseEmailAddress(key)?.address;
      const first = address === undefined ? undefined : keys.get(address);
      if (address === undefined) document.error(keyNode, `not the e-mail address of a mailbox: ${describe(keyNode)}`);
      else if (first === undefined) keys.set(address, keyNode);
      else
        document.error(
          keyNode,
          `the same mailbox as ${describe(first)} in line ${document.position(first.offset).line}`,
        );
      const content = mailboxes!.object(key, 'a mailbox');
      return content === undefined ? [] : [new Mailbox(readMailbox(content, address ?? key))];
    }),
  );
}

function readMailbox(reader: ObjectReader, address: string): MailboxContent {
  reader.allow(['description', 'customFields', 'tags', 'users', 'templates', 'timeZone'], 'a mailbox');
  reader.string('description');
  return {
    address,
    customFields: readCustomFields(reader),
    tags: readNames(reader, 'tags', 'a tag'),
    users: reader.array('users')?.flatMap((node) => readUser(reader.document, node)) ?? null,
    templates: readNames(reader, 'templates', 'a template'),
    timeZone: readTimeZone(reader),
  };
}

function readCustomFields(reader: ObjectReader): CustomField[] | null {
  const nodes = reader.array('customFields');
  if (nodes === undefined) return null;
  const { document } = reader;
  const keys = new Set<string>();
  return nodes.flatMap((node) => {
    const field = ObjectReader.of(document, node, 'a custom field');
    field?.allow(['key', 'description', 'pattern'], 'a custom field');
    field?.string('description');
    const keyNode = field?.require('key', 'a custom field');
    if (field === undefined || keyNode === undefined) return [];
    const pattern = readPattern(field);
    return readName(document, keyNode, '"key"').map((key) => {
      if (keys.has(key)) document.error(keyNode, `duplicate custom field ${describe(keyNode)}`);
      keys.add(key);
      return { key, pattern };
    });
  });
}

function readPattern(reader: ObjectReader): RE2JS | null {
  const written = reader.string('pattern');
  if (written === undefined) return null;
  try {
    return RE2JS.compile(written);
  } catch (error) {
    const reason = (error as Error).message.replace(/^error parsing regexp: /, '');
    reader.document.error(reader.get('pattern')!, `"pattern" is no RE2 pattern: ${reason}`);
    return null;
  }
}

function readNames(reader: ObjectReader, key: 'tags' | 'templates', what: string): string[] | null {
  return reader.array(key)?.flatMap((node) => readName(reader.document, node, what)) ?? null;
}

/** The name at a node; none (recorded) when it is no text. Spaces around it do not count. */
function readName(document: JsonDocument, node: JsonNode, what: string): string[] {
  const name = node.type === 'string' ? (node.value as string).trim() : '';
  if (name !== '') return [name];
  document.error(node, `${what} must be text, not ${describe(node)}`);
  return [];
}

/** A user is a name or an address, or both together. */
function readUser(document: JsonDocument, node: JsonNode): string[] {
  if (node.type !== 'object') return readName(document, node, 'a user');
  const reader = ObjectReader.of(document, node, 'a user')!;
  reader.allow(['name', 'email'], 'a user');
  return (['name', 'email'] as const).flatMap((key) => {
    const part = reader.require(key, 'a user');
    return part === undefined ? [] : readName(document, part, `"${key}"`);
  });
}

function readTimeZone(reader: ObjectReader): string | null {
  const timeZone = reader.string('timeZone') ?? null;
  if (timeZone !== null && !isTimeZone(timeZone)) {
    reader.document.error(reader.get('timeZone')!, '"timeZone" must be an IANA name such as Europe/Berlin');
  }
  return timeZone;
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
