import type { Delivery } from '../facts/delivery.js';
import { readDelivery } from '../facts/read-delivery.js';
import { type JsonDocument, type JsonNode, valueOf } from '../files/json-document.js';
import { describe, ObjectReader } from '../files/object-reader.js';
import { parseEmailAddress } from '../shared/email-address.js';
import { TEST_DEFAULTS } from './rule-test.js';
import { parseTime } from '../rules/time-values.js';

/** The payload's value of a field as written in a test; undefined (recorded) when it is none. */
type FieldReader = (document: JsonDocument, node: JsonNode, name: string) => unknown;

const text: FieldReader = (document, node, name) =>
  node.type === 'string' ? valueOf(node) : fail(document, node, `"${name}" must be text, not ${describe(node)}`);
const identity: FieldReader = (document, node, name) =>
  node.value === '' ? fail(document, node, `"${name}" must not be empty`) : text(document, node, name);
const optionalText: FieldReader = (document, node, name) => (node.type === 'null' ? null : text(document, node, name));
const time: FieldReader = (document, node, name) =>
  parseTime(node.value) === null
    ? fail(document, node, `"${name}" must be a date or time, such as "2026-12-01T09:00:00Z", not ${describe(node)}`)
    : valueOf(node);

/** The fields of a delivery that a test can give, as Emailgistics sends them; correspondents may be written as their address. */
export const MESSAGE_FIELDS = {
  id: identity,
  event: (document, node) =>
    node.value === 'received'
      ? valueOf(node)
      : fail(document, node, `"event" can only be "received": no rule is asked about ${describe(node)}`),
  mailbox: (document, node) =>
    node.type === 'string' && parseEmailAddress(node.value as string) !== null
      ? valueOf(node)
      : fail(document, node, `"mailbox" must be an address, not ${describe(node)}`),
  from: optionalCorrespondent,
  sender: optionalCorrespondent,
  to: correspondents,
  cc: correspondents,
  subject: text,
  bodyText: optionalText,
  hasAttachments: (document, node, name) =>
    node.type === 'boolean'
      ? valueOf(node)
      : fail(document, node, `"${name}" must be true or false, not ${describe(node)}`),
  received: time,
  timestamp: time,
  conversationId: text,
  internetMessageId: text,
  customFields: (document, node, name) => {
    if (node.type === 'null') return null;
    const fields = ObjectReader.of(document, node, `"${name}"`);
    for (const key of fields?.keys ?? []) {
      const value = fields!.get(key)!;
      if (value.type === 'object' || value.type === 'array' || value.type === 'null')
        document.error(value, `"${key}" must be text, not ${describe(value)}`);
    }
    return valueOf(node);
  },
} satisfies Readonly<Record<string, FieldReader>>;

/** The delivery of a test: a plain message with what the test says of it. Faults are recorded, and what they are about left out. */
export function readTestMessage(document: JsonDocument, reader: ObjectReader | undefined, now: Date): Delivery {
  reader?.allow(Object.keys(MESSAGE_FIELDS), '"message"');
  const given: Record<string, unknown> = {};
  for (const [name, read] of Object.entries<FieldReader>(MESSAGE_FIELDS)) {
    const node = reader?.get(name);
    const value = node && read(document, node, name);
    if (value !== undefined) given[name] = value;
  }
  const { mailbox = TEST_DEFAULTS.mailbox, from = correspondent(TEST_DEFAULTS.from) } = given;
  const message = {
    from,
    sender: from,
    to: [correspondent(String(mailbox))],
    subject: TEST_DEFAULTS.subject,
    received: now.toISOString(),
    timestamp: now.toISOString(),
    conversationId: 'test',
    internetMessageId: '<test@enricher.example>',
    ...given,
  };
  return readDelivery(message, { id: String(given['id'] ?? 'test'), event: 'received', mailbox: String(mailbox) });
}

function correspondent(address: string): object {
  return { emailAddress: { name: '', address } };
}

function correspondents(document: JsonDocument, node: JsonNode, name: string): unknown {
  if (node.type === 'null') return null;
  if (node.type !== 'array') return fail(document, node, `"${name}" must be a list, not ${describe(node)}`);
  return (node.children ?? []).map((entry) => readCorrespondent(document, entry, `an entry of "${name}"`));
}

function optionalCorrespondent(document: JsonDocument, node: JsonNode, name: string): unknown {
  return node.type === 'null' ? null : readCorrespondent(document, node, `"${name}"`);
}

function readCorrespondent(document: JsonDocument, node: JsonNode, what: string): unknown {
  if (node.type === 'string') {
    const address = node.value as string;
    if (parseEmailAddress(address) !== null) return correspondent(address);
    return fail(document, node, `${what} is no e-mail address: ${describe(node)}`);
  }
  if (node.type !== 'object')
    return fail(
      document,
      node,
      `${what} must be an address or { "emailAddress": { "name": "…", "address": "…" } }, not ${describe(node)}`,
    );
  const outer = ObjectReader.of(document, node, what);
  outer?.allow(['emailAddress'], what);
  outer?.require('emailAddress', what);
  const inner = outer?.object('emailAddress');
  inner?.allow(['name', 'address'], '"emailAddress"');
  for (const key of ['name', 'address']) {
    const part = inner?.get(key);
    if (part !== undefined) optionalText(document, part, key);
  }
  return valueOf(node);
}

function fail(document: JsonDocument, node: JsonNode, message: string): undefined {
  document.error(node, message);
  return undefined;
}
