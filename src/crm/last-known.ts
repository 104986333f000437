import type { CustomerRecord } from '../facts/facts.js';

/** A provider as stores know it: records that were mapped otherwise are not this provider's any more. */
export interface StoredProvider {
  readonly name: string;
  /** Short hash of how it is configured to find and map. */
  readonly mapping: string;
}

export interface LastKnown {
  /** `LookupKey.id` */
  readonly id: string;
  readonly record: CustomerRecord;
  /** When the provider said so, in milliseconds since the epoch. */
  readonly seenAt: number;
}

/** How far the fetching ahead of a provider's customers has come. */
export interface PrefetchState {
  /** Customers that changed before this time are there, in milliseconds since the epoch; null when none. */
  readonly completeUntil: number | null;
  /** A run that was cut off, to go on with. */
  readonly open: { readonly startedAt: number; readonly next: string; readonly customers: number } | null;
}

/**
 * The last record that a provider gave for an address or domain, for when it gives none. Survives the process.
 *
 * Writing returns at once and never throws: what is lost costs a look-up, not a message.
 */
export interface LastKnownStore {
  get(provider: StoredProvider, id: string): Promise<LastKnown | null>;
  put(provider: StoredProvider, records: readonly LastKnown[]): void;
  drop(provider: StoredProvider, ids: readonly string[]): void;
  prefetchState(provider: StoredProvider): Promise<PrefetchState>;
  /** Resolves when this and everything put before is kept. @throws EnricherError `OUTPUT_FAILED` when that cannot be, for now */
  savePrefetchState(provider: StoredProvider, state: PrefetchState): Promise<void>;
  close(): Promise<void>;
}
