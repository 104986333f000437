import { getDomain } from 'tldts';
import { FREE_MAIL_DOMAINS } from './free-mail-domains.js';

/**
 * The domain that somebody registered (`acme.co.uk` for `mail.acme.co.uk`), null for IP literals and bare suffixes.
 *
 * @source the public suffix list, its private part included, so that two customers of one host stay two
 */
export function registrableDomain(domain: string): string | null {
  return getDomain(domain, { allowPrivateDomains: true });
}

/** Whether the domain, or the one it is registered below, is a free-mail provider's. */
export function isFreeMailDomain(domain: string): boolean {
  if (FREE_MAIL_DOMAINS.has(domain)) return true;
  const registrable = registrableDomain(domain);
  return registrable !== null && FREE_MAIL_DOMAINS.has(registrable);
}
