import type { CustomerRecord } from '../facts/facts.js';
import type { EmailAddress } from '../shared/email-address.js';
import { EnricherError } from '../shared/errors.js';

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

/** The provider asked us to wait. */
export class RateLimitedError extends EnricherError {
  /** @param retryAfterMs how long, in milliseconds; null when it did not say */
  constructor(
    message: string,
    readonly retryAfterMs: number | null,
    options?: ErrorOptions,
  ) {
    super('CRM_RATE_LIMITED', message, options);
  }
}

/** A customer as a provider lists it: who it would be found by, and the record that a look-up would give. */
export interface ListedCustomer {
  /** Normalised, as `EmailAddress.address`; more than one when the CRM keeps several. */
  readonly emails: readonly string[];
  /** In ASCII and lower case. */
  readonly domains: readonly string[];
  readonly record: CustomerRecord;
}

export interface CustomerPage {
  readonly customers: readonly ListedCustomer[];
  /** Where the next page begins, opaque; null after the last. */
  readonly next: string | null;
}

/**
 * A customer database. Implementations return matches and throw failures:
 *
 * @throws EnricherError `CRM_UNAVAILABLE` when it does not answer in time or is down, `CRM_RATE_LIMITED` (a `RateLimitedError`) when it
 *   asks us to wait, `CRM_MISCONFIGURED` when it refuses us or its data are not as configured; anything else that is thrown counts as
 *   unavailable
 */
export abstract class CrmProvider {
  /** As in the configuration; unique. */
  abstract readonly name: string;

  /** It answers from memory: nothing to cache, to wait for or to protect. Absent for everything that is asked elsewhere. */
  readonly isInMemory?: boolean;

  /** What holds whatever the last call came to; null while not known, absent when only calls tell. */
  standing?(): ProviderStanding | null;

  /** Calls back whenever `standing` has changed; for one listener. There with `standing`. */
  onStanding?(heard: (standing: ProviderStanding) => void): void;

  /** The customer with this address. Called with a normalised one. */
  abstract findByEmail(email: EmailAddress, signal: AbortSignal): Promise<CrmMatch>;

  /** The customer whose domain this is; absent when the provider cannot tell. Never called with a free-mail domain. */
  findByDomain?(domain: string, signal: AbortSignal): Promise<CrmMatch>;

  /**
   * Everybody who changed at or after a time, page by page; absent when the provider cannot tell.
   *
   * @param since null for everybody
   * @param from the `next` of an earlier page, to go on behind it
   */
  changedSince?(since: Date | null, from: string | null, signal: AbortSignal): AsyncIterable<CustomerPage>;

  /** Resolves when look-ups would work. */
  abstract check(signal: AbortSignal): Promise<void>;

  /** Frees what the provider holds. */
  abstract close(): Promise<void>;
}
