import { type LookupResult, senderAddress } from '../facts/build-facts.js';
import type { Delivery } from '../facts/delivery.js';
import { type CustomerRecord, LOOKUP_STATES, type LookupFacts, MATCHED_BY } from '../facts/facts.js';
import { completeLookup } from '../rule-tests/read-test-lookup.js';
import { parseTime } from '../rules/time-values.js';
import { isObject } from '../shared/is-object.js';
import { parseDelivery } from '../webhook/parse-delivery.js';
import { Violations } from './violations.js';

/** A message to decide, and under which circumstances. */
export interface Simulation {
  readonly delivery: Delivery;
  /** What the look-up shall give; null: a real one is made. */
  readonly found: LookupResult | null;
  readonly now: Date;
}

type LookupReader = readonly [isRight: (value: unknown) => boolean, message: string];

const MAX_RECORD_DEPTH = 10;
/** The provider that found the customer. */
const SOURCE = 'given';

const oneOf = (values: readonly unknown[]): LookupReader => [
  (value) => values.includes(value),
  `must be ${values.join(', ')}`,
];
const flag: LookupReader = [(value) => typeof value === 'boolean', 'must be true or false'];

const LOOKUP_READERS: { readonly [Key in keyof LookupFacts]: LookupReader } = {
  state: oneOf(LOOKUP_STATES),
  matchedBy: oneOf([...MATCHED_BY, null]),
  source: [(value) => value === null || typeof value === 'string', 'must be text or null'],
  stale: flag,
  ageSeconds: [
    (value) => value === null || (Number.isSafeInteger(value) && Number(value) >= 0),
    'must be a whole number from 0 up, or null',
  ],
  incomplete: flag,
};

/** @throws BadRequestException with everything that is wrong */
export function readSimulation(body: unknown): Simulation {
  const violations = new Violations();
  const given = violations.object(body, ['message', 'customer', 'lookup', 'now']);
  const delivery = isObject(body) ? readMessage(given['message'], violations) : undefined;
  const customer = readCustomer(given['customer'], violations);
  const lookup = readLookup(given['lookup'], violations);
  const now = readNow(given['now'], violations);
  const found =
    delivery === undefined || (customer === undefined && lookup === undefined)
      ? null
      : complete(delivery, customer ?? null, lookup ?? {}, violations);
  violations.refuse('The body is not something to simulate');
  return { delivery: delivery as Delivery, found, now };
}

function readMessage(value: unknown, violations: Violations): Delivery | undefined {
  const parsed = parseDelivery(value);
  if (parsed.ok) return parsed.delivery;
  if (isObject(value)) violations.addAll('message', parsed.violations);
  else violations.add('message', 'must be a delivery as Emailgistics sends it');
  return undefined;
}

function readCustomer(value: unknown, violations: Violations): CustomerRecord | null | undefined {
  if (value === undefined || value === null) return value;
  if (!isObject(value)) return violations.add('customer', 'must be a JSON object, or null for nobody');
  if (isDeeper(value, MAX_RECORD_DEPTH))
    return violations.add('customer', `must not be deeper than ${MAX_RECORD_DEPTH} levels`);
  return value as CustomerRecord;
}

function readLookup(value: unknown, violations: Violations): Partial<LookupFacts> | undefined {
  if (value === undefined) return undefined;
  const given = violations.object(value, Object.keys(LOOKUP_READERS), 'lookup');
  for (const [name, [isRight, message]] of Object.entries(LOOKUP_READERS))
    if (Object.hasOwn(given, name) && !isRight(given[name])) violations.add(`lookup.${name}`, message);
  return given;
}

function readNow(value: unknown, violations: Violations): Date {
  const time = value === undefined ? Date.now() : parseTime(value);
  if (time === null) violations.add('now', 'must be a date or time, such as 2026-12-01T09:00:00Z');
  return new Date(time ?? 0);
}

function complete(
  delivery: Delivery,
  customer: CustomerRecord | null,
  lookup: Partial<LookupFacts>,
  violations: Violations,
): LookupResult | null {
  if (!violations.areNone) return null;
  const hasSender = senderAddress(delivery) !== null;
  const { found, contradiction } = completeLookup(customer, lookup, hasSender, SOURCE);
  if (contradiction !== null) violations.add('lookup', contradiction);
  return found;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
