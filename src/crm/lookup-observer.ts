/** What one try at a provider came to. */
export type CallResult = 'found' | 'not_found' | 'ambiguous' | 'unavailable' | 'rate_limited' | 'misconfigured';

/** Hears what look-ups do, for metrics; none of it may throw. */
export interface LookupObserver {
  /** One try reached the provider, which may answer from memory. */
  called(provider: string, result: CallResult, seconds: number): void;
  /** A call that was not made. */
  avoided(reason: 'not_needed' | 'fresh' | 'stale' | 'joined' | 'blocked'): void;
  /** The last known record answered in place of the provider. */
  remembered(provider: string): void;
}
