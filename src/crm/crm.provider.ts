import type { CustomerRecord } from '../facts/facts.js';
import type { EmailAddress } from '../shared/email-address.js';

/** What a CRM knows of an address or domain. Not finding anybody is an answer, not a failure. */
export type CrmMatch =
  | { readonly kind: 'found'; readonly record: CustomerRecord }
  | { readonly kind: 'not_found' }
  /** `count` records, or at least so many. */
  | { readonly kind: 'ambiguous'; readonly count: number };

/**
 * A customer database. Implementations return matches and throw failures:
 *
 * @throws EnricherError `CRM_UNAVAILABLE` when it does not answer in time or is down, `CRM_MISCONFIGURED` when it refuses
 *   us or its data are not as configured; anything else that is thrown counts as unavailable
 */
export abstract class CrmProvider {
  /** As in the configuration; unique. */
  abstract readonly name: string;

  /** Why its answers do not come from its newest data (the new file has a fault); null or absent when they do. */
  outdatedBecause?(): string | null;

  /** The customer with this address. Called with a normalised one. */
  abstract findByEmail(email: EmailAddress, signal: AbortSignal): Promise<CrmMatch>;

  /** The customer whose domain this is; absent when the provider cannot tell. Never called with a free-mail domain. */
  findByDomain?(domain: string, signal: AbortSignal): Promise<CrmMatch>;

  /** Resolves when look-ups would work. */
  abstract check(signal: AbortSignal): Promise<void>;

  /** Frees what the provider holds. */
  abstract close(): Promise<void>;
}
