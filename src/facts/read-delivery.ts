import { parseEmailAddress } from '../shared/email-address.js';
import { isObject } from '../shared/is-object.js';
import type { Correspondent, Delivery } from './delivery.js';

/** The fields without which a payload is none. */
export interface NeededFields {
  readonly id: string;
  readonly event: string;
  readonly mailbox: string;
}

/** The one form of a mailbox's address; what is none is compared as it is, in lower case. */
export function normalMailbox(text: string): string {
  return parseEmailAddress(text)?.address ?? text.trim().toLowerCase();
}

/** A delivery from a payload, read as it comes: what is absent or of a wrong type is as empty. */
export function readDelivery(body: Readonly<Record<string, unknown>>, { id, event, mailbox }: NeededFields): Delivery {
  return {
    id,
    event,
    mailbox: normalMailbox(mailbox),
    from: toCorrespondent(body['from']),
    sender: toCorrespondent(body['sender']),
    to: toCorrespondents(body['to']),
    cc: toCorrespondents(body['cc']),
    subject: toText(body['subject']),
    bodyText: typeof body['bodyText'] === 'string' ? body['bodyText'] : null,
    hasAttachments: body['hasAttachments'] === true,
    received: toText(body['received']),
    timestamp: toText(body['timestamp']),
    conversationId: toText(body['conversationId']),
    internetMessageId: toText(body['internetMessageId']),
    customFields: toCustomFields(body['customFields']),
  };
}

function toCorrespondent(value: unknown): Correspondent | null {
  const inner = isObject(value) ? value['emailAddress'] : undefined;
  if (!isObject(inner)) return null;
  const { name, address } = inner;
  return { name: toText(name), address: toText(address) };
}

function toCorrespondents(value: unknown): Correspondent[] {
  return Array.isArray(value) ? value.flatMap((entry) => toCorrespondent(entry) ?? []) : [];
}

function toCustomFields(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  const texts = Object.entries(value).flatMap(([key, entry]) => {
    const isScalar = ['string', 'number', 'boolean'].includes(typeof entry);
    return isScalar ? [[key, String(entry)] as const] : [];
  });
  return Object.fromEntries(texts);
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
