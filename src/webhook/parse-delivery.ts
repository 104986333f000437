import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import type { Correspondent, Delivery } from '../facts/delivery.js';
import { parseEmailAddress } from '../shared/email-address.js';
import { WebhookPayloadDto } from './webhook-payload.dto.js';

/** What is wrong with a field. Values are never repeated: they are personal data. */
export interface Violation {
  readonly field: string;
  readonly message: string;
}

export type DeliveryParse =
  | { readonly ok: true; readonly delivery: Delivery }
  | { readonly ok: false; readonly violations: readonly Violation[] };

/** The delivery in a request body, or everything that is wrong with it. */
export function parseDelivery(body: unknown): DeliveryParse {
  if (!isObject(body)) return { ok: false, violations: [{ field: '', message: 'the body must be a JSON object' }] };
  const dto = plainToInstance(WebhookPayloadDto, neededPart(body));
  const violations = validateSync(dto).flatMap((error) => flatten(error, ''));
  return violations.length > 0 ? { ok: false, violations } : { ok: true, delivery: toDelivery(dto, body) };
}

/** What is checked, no deeper than it is checked: class-transformer walks all it is given, however deep or long. */
function neededPart({ id, event, mailbox, from }: Readonly<Record<string, unknown>>): object {
  const inner = isObject(from) ? from['emailAddress'] : undefined;
  const emailAddress = isObject(inner) ? { address: scalar(inner['address']) } : scalar(inner);
  return {
    id: scalar(id),
    event: scalar(event),
    mailbox: scalar(mailbox),
    from: isObject(from) ? { emailAddress } : scalar(from),
  };
}

/** A list or object where none belongs, as something that is no text and no object either. */
function scalar(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? false : value;
}

function toDelivery(dto: WebhookPayloadDto, body: Readonly<Record<string, unknown>>): Delivery {
  return {
    id: dto.id,
    event: dto.event,
    mailbox: parseEmailAddress(dto.mailbox)?.address ?? dto.mailbox.trim().toLowerCase(),
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

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function flatten({ property, constraints = {}, children = [] }: ValidationError, prefix: string): Violation[] {
  const field = `${prefix}${property}`;
  // "nestedValidation" only repeats what "isObject" says.
  const { nestedValidation: _, ...told } = constraints;
  const own = Object.values(told).map((message) => ({ field, message: message.replace(`${property} `, '') }));
  return [...own, ...children.flatMap((child) => flatten(child, `${field}.`))];
}
