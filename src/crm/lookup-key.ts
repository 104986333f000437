import type { MatchedBy } from '../facts/facts.js';
import { isFreeMailDomain, registrableDomain } from '../facts/sender-domain.js';
import { type EmailAddress, withoutTag } from '../shared/email-address.js';

/** What a provider is asked about. `id` is what caches and stores know it by. */
export type LookupKey =
  | { readonly by: 'email'; readonly id: string; readonly email: EmailAddress }
  | { readonly by: 'domain'; readonly id: string; readonly domain: string };

export interface LookupStep {
  readonly matchedBy: MatchedBy;
  readonly key: LookupKey;
}

export function emailKey(email: EmailAddress): LookupKey {
  return { by: 'email', id: `e:${email.address}`, email };
}

export function domainKey(domain: string): LookupKey {
  return { by: 'domain', id: `d:${domain}`, domain };
}

/** The ids of what a record is found by, all in normal form; nobody is found by a free-mail domain. */
export function idsOf(emails: readonly string[], domains: readonly string[]): string[] {
  const own = domains.filter((domain) => !isFreeMailDomain(domain));
  return [...emails.map((address) => `e:${address}`), ...own.map((domain) => `d:${domain}`)];
}

/** The ladder: the address, without its `+tag`, its domain as written and as registered; a free-mail domain is nobody's own. */
export function* stepsFor(email: EmailAddress): Generator<LookupStep> {
  yield { matchedBy: 'email', key: emailKey(email) };
  const untagged = withoutTag(email);
  if (untagged !== null) yield { matchedBy: 'alias', key: emailKey(untagged) };
  if (isFreeMailDomain(email.domain)) return;
  yield { matchedBy: 'domain', key: domainKey(email.domain) };
  const registrable = registrableDomain(email.domain);
  if (registrable !== null && registrable !== email.domain) yield { matchedBy: 'domain', key: domainKey(registrable) };
}
