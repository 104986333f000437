import { LRUCache } from 'lru-cache';
import type { CrmMatch } from './crm.provider.js';
import type { CacheOptions } from './lookup-options.js';

export interface CachedMatch {
  readonly match: CrmMatch;
  /** When the provider said so, in milliseconds since the epoch. */
  readonly at: number;
}

export type Freshness = 'fresh' | 'stale' | 'gone';

const BYTES_OF_ENTRY = 200;
const BYTES_OF_CHARACTER = 2;

/** What providers answered lately, bounded by entries and bytes; what was not used for longest goes first. */
export class CustomerCache {
  readonly #entries: LRUCache<string, CachedMatch>;
  readonly #foundMs: number;
  readonly #notFoundMs: number;
  readonly #staleMs: number;

  constructor({ foundSeconds, notFoundSeconds, staleSeconds, maxEntries, maxMegabytes }: CacheOptions) {
    const maxSize = maxMegabytes * 1_000_000;
    this.#entries = new LRUCache({ max: maxEntries, maxSize, maxEntrySize: maxSize, sizeCalculation: estimateSize });
    this.#foundMs = foundSeconds * 1_000;
    this.#notFoundMs = notFoundSeconds * 1_000;
    this.#staleMs = staleSeconds * 1_000;
  }

  get(key: string): CachedMatch | undefined {
    return this.#entries.get(key);
  }

  set(key: string, cached: CachedMatch): void {
    this.#entries.set(key, cached);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Only somebody who was found is given when stale: one who was not may have been added since. */
  freshness({ match, at }: CachedMatch, now: number): Freshness {
    const age = now - at;
    const isFound = match.kind === 'found';
    if (age < 0) return 'gone';
    if (age < (isFound ? this.#foundMs : this.#notFoundMs)) return 'fresh';
    return isFound && age < this.#foundMs + this.#staleMs ? 'stale' : 'gone';
  }
}

function estimateSize({ match }: CachedMatch, key: string): number {
  const characters = match.kind === 'found' ? JSON.stringify(match.record).length : 0;
  return BYTES_OF_ENTRY + BYTES_OF_CHARACTER * (key.length + characters);
}
