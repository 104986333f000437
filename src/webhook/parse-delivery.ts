import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import type { Delivery } from '../facts/delivery.js';
import { type NeededFields, readDelivery } from '../facts/read-delivery.js';
import { isObject } from '../shared/is-object.js';
import { compileCheck } from './compile-check.js';
import { WebhookPayloadDto } from './webhook-payload.dto.js';
import type { Violation } from '../shared/problem.js';

export type DeliveryParse =
  | { readonly ok: true; readonly delivery: Delivery }
  | { readonly ok: false; readonly violations: readonly Violation[] };

/** Most deliveries hold, and class-validator takes longer over one than all the rules do. */
const isPayload = compileCheck(WebhookPayloadDto);

/** The delivery in a request body, or everything that is wrong with it. */
export function parseDelivery(body: unknown): DeliveryParse {
  if (!isObject(body)) return { ok: false, violations: [{ field: '', message: 'the body must be a JSON object' }] };
  if (isPayload(body)) return { ok: true, delivery: readDelivery(body, body as unknown as NeededFields) };
  return parseByDto(body);
}

/** What `parseDelivery` gives, by class-validator alone. */
export function parseByDto(body: Readonly<Record<string, unknown>>): DeliveryParse {
  const dto = plainToInstance(WebhookPayloadDto, neededPart(body));
  const violations = validateSync(dto).flatMap((error) => flatten(error, ''));
  return violations.length > 0 ? { ok: false, violations } : { ok: true, delivery: readDelivery(body, dto) };
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

function flatten({ property, constraints = {}, children = [] }: ValidationError, prefix: string): Violation[] {
  const field = `${prefix}${property}`;
  // "nestedValidation" only repeats what "isObject" says.
  const { nestedValidation: _, ...told } = constraints;
  const own = Object.values(told).map((message) => ({ field, message: message.replace(`${property} `, '') }));
  return [...own, ...children.flatMap((child) => flatten(child, `${field}.`))];
}
