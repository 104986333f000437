import type { CustomerRecord } from '../facts/facts.js';
import type { EmailAddress } from '../shared/email-address.js';

/** What a CRM knows of an address or domain. Not finding anybody is an answer, not a failure. */
export type CrmMatch =
  | { readonly kind: 'found'; readonly record: CustomerRecord }
  | { readonly kind: 'not_found' }
  /** `count` records, or at least so many. */
  | { readonly kind: 'ambiguous'; readonly count: number };

/** How a provider stands by what it knows itself, asked or not. */
export interface ProviderStanding {
  /** `outdated`: it answers, from older data than it should, since the new have a fault. */
  readonly state: 'ok' | 'outdated' | 'misconfigured';
  /** What is wrong, or with `ok` what people should know all the same; null when nothing is. Free of personal data. */
  readonly message: string | null;
}

/**
 * A customer database. Implementations return matches and throw failures:
 *
 * @throws EnricherError `CRM_UNAVAILABLE` when it does not answer in time or is down, `CRM_MISCONFIGURED` when it refuses
 *   us or its data are not as configured; anything else that is thrown counts as unavailable
 */
export abstract class CrmProvider {
  /** As in the configuration; unique. */
  abstract readonly name: string;

  /** What holds whatever the last call came to; null while not known, absent when only calls tell. */
  standing?(): ProviderStanding | null;

  /** Calls back whenever `standing` has changed; for one listener. There with `standing`. */
  onStanding?(heard: (standing: ProviderStanding) => void): void;

  /** The customer with this address. Called with a normalised one. */
  abstract findByEmail(email: EmailAddress, signal: AbortSignal): Promise<CrmMatch>;

  /** The customer whose domain this is; absent when the provider cannot tell. Never called with a free-mail domain. */
  findByDomain?(domain: string, signal: AbortSignal): Promise<CrmMatch>;

  /** Resolves when look-ups would work. */
  abstract check(signal: AbortSignal): Promise<void>;

  /** Frees what the provider holds. */
  abstract close(): Promise<void>;
}
