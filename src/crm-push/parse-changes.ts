import { setOwn } from '../crm/field-map.js';
import type { CustomerRecord, JsonValue } from '../facts/facts.js';
import { didYouMean } from '../files/did-you-mean.js';
import { idsOf } from '../crm/lookup-key.js';
import { asciiDomain, parseEmailAddress } from '../shared/email-address.js';
import { isObject } from '../shared/is-object.js';
import type { Violation } from '../shared/problem.js';

/** What a CRM tells of one customer. */
export interface Change {
  /** Of the address and the domain, as look-ups and stores know them. */
  readonly ids: readonly string[];
  /** Null: ask again. */
  readonly record: CustomerRecord | null;
}

export type ChangesParse =
  | { readonly ok: true; readonly changes: readonly Change[] }
  | { readonly ok: false; readonly violations: readonly Violation[] };

export const MAX_CHANGES = 1_000;
/** More are only counted. */
const MAX_VIOLATIONS = 1_000;
/** A hint takes as long as all names together; the first slips are enough to know. */
const MAX_HINTS = 20;
export const MAX_FIELDS = 200;
/** Of a record as JSON. */
export const MAX_RECORD_LENGTH = 20_000;

const CHANGE_KEYS = ['email', 'domain', 'record'];
/** What may stand in a message: no address is such a name. */
const PLAIN_NAME = /^\w{1,40}$/;

/**
 * The changes in a request body, or everything that is wrong with it.
 *
 * @param fields the names that rules use, null when every one is taken
 */
export function parseChanges(body: unknown, fields: readonly string[] | null): ChangesParse {
  if (!isObject(body)) return refused('', 'the body must be a JSON object');
  const reading = new Reading(fields);
  const changes = Object.hasOwn(body, 'changes') ? reading.list(body) : [reading.change(body, '')];
  const { violations } = reading;
  return violations.length > 0 ? { ok: false, violations } : { ok: true, changes };
}

class Reading {
  readonly #violations: Violation[] = [];
  /** Those beyond the maximum. */
  #more = 0;
  #hintsLeft = MAX_HINTS;

  readonly #isField: (name: string) => boolean;

  constructor(private readonly fields: readonly string[] | null) {
    const known = new Set(fields);
    this.#isField = (name) => fields === null || known.has(name);
  }

  get violations(): readonly Violation[] {
    const more = { field: '', message: `and ${this.#more} more` };
    return this.#more === 0 ? this.#violations : [...this.#violations, more];
  }

  list(body: Readonly<Record<string, unknown>>): Change[] {
    const { changes } = body;
    this.#allow(body, ['changes'], '');
    if (!Array.isArray(changes)) return this.#none('changes', 'must be a list');
    if (changes.length === 0 || changes.length > MAX_CHANGES)
      return this.#none('changes', `must have 1 to ${MAX_CHANGES} entries`);
    return changes.map((change: unknown, index) => this.change(change, `changes[${index}]`));
  }

  change(value: unknown, at: string): Change {
    if (!isObject(value)) {
      this.#refuse(at, 'must be a JSON object');
      return { ids: [], record: null };
    }
    this.#allow(value, CHANGE_KEYS, at);
    const given = [value['email'], value['domain']].filter((each) => each !== undefined && each !== null);
    if (given.length === 0) this.#refuse(at, 'must have "email" or "domain"');
    const email = this.#key(value, 'email', at, (text) => parseEmailAddress(text)?.address ?? null);
    const domain = this.#key(value, 'domain', at, asciiDomain);
    return { ids: idsOf(email, domain), record: this.#record(value['record'], under(at, 'record')) };
  }

  #key(
    change: Readonly<Record<string, unknown>>,
    key: 'email' | 'domain',
    at: string,
    normalise: (text: string) => string | null,
  ): string[] {
    const value = change[key];
    if (value === undefined || value === null) return [];
    const normal = typeof value === 'string' ? normalise(value) : null;
    if (normal !== null) return [normal];
    return this.#none(under(at, key), key === 'email' ? 'must be an e-mail address' : 'must be a domain');
  }

  #record(value: unknown, at: string): CustomerRecord | null {
    if (value === undefined || value === null) return null;
    if (!isObject(value)) return this.#null(at, 'must be a JSON object, or null');
    const names = Object.keys(value);
    if (names.length > MAX_FIELDS) return this.#null(at, `must have at most ${MAX_FIELDS} fields`);
    if (isTooLong(value)) return this.#null(at, `must have at most ${MAX_RECORD_LENGTH} characters as JSON`);
    const record: Record<string, JsonValue> = {};
    for (const name of names) {
      const field = value[name];
      if (!this.#isField(name)) this.#refuseName(at, name, this.fields ?? [], 'field');
      if (isScalar(field) || (Array.isArray(field) && field.every(isScalar))) setOwn(record, name, field as JsonValue);
      else this.#refuse(at, `${named(name, 'field')} must be text, a number, true, false, null, or a list of them`);
    }
    return Object.freeze(record);
  }

  #allow(value: object, known: readonly string[], at: string): void {
    for (const name of Object.keys(value)) if (!known.includes(name)) this.#refuseName(at, name, known, 'key');
  }

  #refuseName(at: string, name: string, known: readonly string[], what: 'field' | 'key'): void {
    const who = what === 'field' ? 'is none that the provider maps' : 'is unknown';
    this.#refuse(at, `${named(name, what)} ${who}${PLAIN_NAME.test(name) ? this.#hint(name, known) : ''}`);
  }

  #hint(name: string, known: readonly string[]): string {
    if (this.#hintsLeft === 0 || this.#violations.length >= MAX_VIOLATIONS) return '';
    this.#hintsLeft -= 1;
    return didYouMean(name, known);
  }

  #none(field: string, message: string): never[] {
    this.#refuse(field, message);
    return [];
  }

  #null(field: string, message: string): null {
    this.#refuse(field, message);
    return null;
  }

  #refuse(field: string, message: string): void {
    if (this.#violations.length >= MAX_VIOLATIONS) this.#more += 1;
    else this.#violations.push({ field, message });
  }
}

function refused(field: string, message: string): ChangesParse {
  return { ok: false, violations: [{ field, message }] };
}

function named(name: string, what: 'field' | 'key'): string {
  return PLAIN_NAME.test(name) ? `the ${what} "${name}"` : `a ${what}`;
}

function under(at: string, key: string): string {
  return at === '' ? key : `${at}.${key}`;
}

function isScalar(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** Deep values are refused before anybody walks them. */
function isTooLong(value: Readonly<Record<string, unknown>>): boolean {
  const isFlat = (each: unknown) => isScalar(each) || (Array.isArray(each) && each.every(isScalar));
  return Object.values(value).every(isFlat) && JSON.stringify(value).length > MAX_RECORD_LENGTH;
}
