import { checkFactPath } from '../facts/check-fact-path.js';
import { type LookupResult, senderAddress } from '../facts/build-facts.js';
import type { Delivery } from '../facts/delivery.js';
import { type CustomerRecord, LOOKUP_STATES, type LookupFacts, type LookupState, MATCHED_BY } from '../facts/facts.js';
import { type JsonDocument, valueOf } from '../files/json-document.js';
import type { ObjectReader } from '../files/object-reader.js';
import { TEST_DEFAULTS } from './rule-test.js';

export const LOOKUP_KEYS = ['state', 'matchedBy', 'source', 'stale', 'ageSeconds', 'incomplete'];

/**
 * What the look-up of a test gave: the customer found by address, or nobody, with what "lookup" says otherwise.
 *
 * While the CRM is unavailable there is no customer, whatever the test says: the same test can be asked with the CRM up and down.
 */
export function readTestLookup(
  document: JsonDocument,
  test: ObjectReader,
  delivery: Delivery,
  customerFields: readonly string[] | null,
): LookupResult {
  const customer = readCustomer(document, test, customerFields);
  const { found, contradiction } = completeLookup(
    customer,
    readLookup(test),
    senderAddress(delivery) !== null,
    TEST_DEFAULTS.source,
  );
  if (contradiction !== null)
    document.error(test.has('lookup') ? test.keyNode('lookup') : test.keyNode('customer'), contradiction);
  return found;
}

/**
 * How a look-up ends of which something is given: the customer found by address, or nobody, with what is given otherwise.
 *
 * @param source the provider that found
 * @returns with it why no look-up can end so; null when one can
 */
export function completeLookup(
  customer: CustomerRecord | null,
  given: Partial<LookupFacts>,
  hasSender: boolean,
  source: string,
): { readonly found: LookupResult; readonly contradiction: string | null } {
  const state = given.state ?? (customer !== null ? 'found' : hasSender ? 'not_found' : 'no_sender');
  const isFound = state === 'found';
  return {
    found: {
      customer: isFound ? customer : null,
      lookup: {
        state,
        matchedBy: isFound ? 'email' : null,
        source: isFound || state === 'ambiguous' ? source : null,
        stale: false,
        ageSeconds: isFound ? 0 : null,
        incomplete: false,
        ...given,
      },
    },
    contradiction: contradictionOf(state, customer !== null, hasSender),
  };
}

function readCustomer(
  document: JsonDocument,
  test: ObjectReader,
  customerFields: readonly string[] | null,
): CustomerRecord | null {
  const node = test.get('customer');
  if (node === undefined || node.type === 'null') return null;
  const customer = test.object('customer');
  for (const key of customer?.keys ?? []) {
    const check = checkFactPath(['customer', key], { customerFields, listNames: [] });
    if (check.kind === 'warning') document.warn(customer!.keyNode(key), check.message, 'unmapped-field');
  }
  // Cloned into plain objects, such as a CRM's answer is made of.
  return customer === undefined ? null : (structuredClone(valueOf(node)) as CustomerRecord);
}

function readLookup(test: ObjectReader): Partial<LookupFacts> {
  const lookup = test.object('lookup');
  if (lookup === undefined) return {};
  lookup.allow(LOOKUP_KEYS, '"lookup"');
  const entries = Object.entries({
    state: lookup.oneOf('state', LOOKUP_STATES),
    matchedBy: orNull(lookup, 'matchedBy', () => lookup.oneOf('matchedBy', MATCHED_BY)),
    source: orNull(lookup, 'source', () => lookup.string('source')),
    stale: lookup.boolean('stale'),
    ageSeconds: orNull(lookup, 'ageSeconds', () => lookup.integer('ageSeconds', 0)),
    incomplete: lookup.boolean('incomplete'),
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function orNull<T>(reader: ObjectReader, key: string, read: () => T | undefined): T | null | undefined {
  return reader.get(key)?.type === 'null' ? null : read();
}

/** A look-up never ends so. */
function contradictionOf(state: LookupState, hasCustomer: boolean, hasSender: boolean): string | null {
  if (!hasSender && state !== 'no_sender')
    return 'a message without a sender is looked up nowhere: without "customer", its state is "no_sender"';
  if (state === 'found' && !hasCustomer) return 'the look-up state "found" needs a "customer"';
  if (hasCustomer && state !== 'found' && state !== 'unavailable')
    return `the look-up state "${state}" means that there is no "customer"`;
  return null;
}
