import { idsOf } from '../crm/lookup-key.js';
import { didYouMean } from '../files/did-you-mean.js';
import { asciiDomain, type EmailAddress, parseEmailAddress, withoutTag } from '../shared/email-address.js';
import { Violations } from './violations.js';

/** @throws BadRequestException with everything that is wrong */
export function readLookupRequest(body: unknown): EmailAddress {
  const violations = new Violations();
  const { address } = violations.object(body, ['address']);
  const email = typeof address === 'string' ? parseEmailAddress(address) : null;
  if (email === null) violations.add('address', 'must be an e-mail address');
  violations.refuse('The body is no look-up');
  return email as EmailAddress;
}

/** What shall be forgotten: ids as caches and stores know them, of which providers. */
export interface Invalidation {
  readonly ids: readonly string[];
  readonly providers: readonly string[];
}

/**
 * @param names of all providers
 * @throws BadRequestException with everything that is wrong
 */
export function readInvalidation(body: unknown, names: readonly string[]): Invalidation {
  const violations = new Violations();
  const { address, domain, provider } = violations.object(body, ['address', 'domain', 'provider']);
  if (address === undefined && domain === undefined) violations.add('', 'must have "address" or "domain"');
  const ids = [...idsOfAddress(address, violations), ...idsOfDomain(domain, violations)];
  const providers = provider === undefined ? names : names.filter((name) => name === provider);
  if (provider !== undefined && providers.length === 0) violations.add('provider', noSuch(provider, names));
  violations.refuse('The body does not say what to forget');
  return { ids, providers };
}

/** The address as given, and that which it is an alias of. */
function idsOfAddress(address: unknown, violations: Violations): string[] {
  if (address === undefined) return [];
  const email = typeof address === 'string' ? parseEmailAddress(address) : null;
  if (email === null) violations.add('address', 'must be an e-mail address');
  const all = email === null ? [] : [email, withoutTag(email)];
  return idsOf(
    all.flatMap((each) => each?.address ?? []),
    [],
  );
}

function idsOfDomain(domain: unknown, violations: Violations): string[] {
  if (domain === undefined) return [];
  const ascii = typeof domain === 'string' ? asciiDomain(domain) : null;
  const ids = ascii === null ? [] : idsOf([], [ascii]);
  if (ascii === null) violations.add('domain', 'must be a domain');
  else if (ids.length === 0) violations.add('domain', 'is one of free mail: nobody is found by it');
  return ids;
}

function noSuch(provider: unknown, names: readonly string[]): string {
  const list = names.map((name) => `"${name}"`).join(', ') || 'none';
  const hint = typeof provider === 'string' && /^[\w-]{1,40}$/.test(provider) ? didYouMean(provider, names) : '';
  return `is none of the providers (there are ${list})${hint}`;
}
