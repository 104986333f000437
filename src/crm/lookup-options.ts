import type { ObjectReader } from '../files/object-reader.js';
import {
  DEFAULT_PROTECTION,
  type Limit,
  PROTECTION_KEYS,
  type ProtectionOptions,
  readProtection,
} from './protection-options.js';

/** What the message gets when no provider could be reached and no rule acts: an error for people to see, or a retry. */
export const ON_UNAVAILABLE = ['error', 'retry'] as const;
export type OnUnavailable = (typeof ON_UNAVAILABLE)[number];

/** How several providers make one customer: the first that finds, or fields filled from all that find. */
export const STRATEGIES = ['first', 'merge'] as const;
export type Strategy = (typeof STRATEGIES)[number];

export interface CacheOptions {
  /** How long a customer that was found is given without asking again. */
  readonly foundSeconds: number;
  /** The same for an address or domain that nobody was found by. */
  readonly notFoundSeconds: number;
  /** How long after that a found customer is given at once, marked stale, while it is fetched anew. */
  readonly staleSeconds: number;
  readonly maxEntries: number;
  /** As estimated. */
  readonly maxMegabytes: number;
}

export interface LookupOptions {
  readonly strategy: Strategy;
  readonly onUnavailable: OnUnavailable;
  /** For providers that say nothing of their own. */
  readonly protection: ProtectionOptions;
  readonly cache: CacheOptions;
  /** How long the last known record stands in for a provider that does not answer. */
  readonly lastKnownDays: number;
}

const DAY = 86_400;

export const CACHE_LIMITS: { readonly [Key in keyof CacheOptions]: Limit } = {
  foundSeconds: {
    minimum: 0,
    maximum: DAY,
    default: 900,
    description: 'How long a customer that was found is used without asking again',
  },
  notFoundSeconds: {
    minimum: 0,
    maximum: DAY,
    default: 120,
    description: 'How long nobody is asked again for a sender that was not found, or found twice',
  },
  staleSeconds: {
    minimum: 0,
    maximum: 7 * DAY,
    default: 3_600,
    description:
      'After foundSeconds, how long a customer is still used at once, with lookup.stale true, while it is fetched anew for the next message',
  },
  maxEntries: { minimum: 1, maximum: 10_000_000, default: 100_000, description: 'Most addresses and domains kept' },
  maxMegabytes: { minimum: 1, maximum: 10_000, default: 100, description: 'Most memory for them, as estimated' },
};

export const LAST_KNOWN_DAYS: Limit = {
  minimum: 0,
  maximum: 365,
  default: 30,
  description: 'How long the last known record of a sender stands in while its provider does not answer. 0: never',
};

const CACHE_KEYS = Object.keys(CACHE_LIMITS) as (keyof CacheOptions)[];
const KEYS = ['strategy', 'onUnavailable', 'cache', 'lastKnownDays', ...PROTECTION_KEYS];

export const DEFAULT_LOOKUP_OPTIONS: LookupOptions = readLookupOptions(undefined);

/** The `lookup` object of the configuration; what is absent or wrong (recorded) has its default. */
export function readLookupOptions(reader: ObjectReader | undefined): LookupOptions {
  reader?.allow(KEYS, '"lookup"');
  const cache = reader?.object('cache');
  cache?.allow(CACHE_KEYS, '"cache"');
  const cacheOptions = CACHE_KEYS.map((key) => {
    const { minimum, maximum, default: otherwise } = CACHE_LIMITS[key];
    return [key, cache?.integer(key, minimum, maximum) ?? otherwise] as const;
  });
  const { minimum, maximum, default: otherwise } = LAST_KNOWN_DAYS;
  return {
    strategy: reader?.oneOf('strategy', STRATEGIES) ?? 'first',
    onUnavailable: reader?.oneOf('onUnavailable', ON_UNAVAILABLE) ?? 'error',
    protection: readProtection(reader, DEFAULT_PROTECTION),
    cache: Object.fromEntries(cacheOptions) as unknown as CacheOptions,
    lastKnownDays: reader?.integer('lastKnownDays', minimum, maximum) ?? otherwise,
  };
}
