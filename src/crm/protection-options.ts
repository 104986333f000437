import type { ObjectReader } from '../files/object-reader.js';

/** How a provider is protected from us, and we from it. */
export interface ProtectionOptions {
  /** Longest wait for one call, in milliseconds. */
  readonly timeoutMs: number;
  /** Most calls under way at once. */
  readonly maxConcurrent: number;
  /** How long nobody is asked after too many failures, in milliseconds; then one call tries. */
  readonly breakerOpenMs: number;
}

/** A whole number that people may set: its range, default and meaning. */
export interface Limit {
  readonly minimum: number;
  readonly maximum: number;
  readonly default: number;
  readonly description: string;
}

export const PROTECTION_LIMITS: { readonly [Key in keyof ProtectionOptions]: Limit } = {
  timeoutMs: {
    minimum: 1,
    maximum: 60_000,
    default: 3_000,
    description: 'Longest wait for one answer of a provider, in milliseconds. A call that failed is tried once more',
  },
  maxConcurrent: {
    minimum: 1,
    maximum: 1_000,
    default: 10,
    description: 'Most calls to a provider at once; further ones wait their turn',
  },
  breakerOpenMs: {
    minimum: 100,
    maximum: 600_000,
    default: 10_000,
    description:
      'When more than half of the last calls failed, the provider is left alone for so many milliseconds; then one call tries',
  },
};

export const PROTECTION_KEYS = Object.keys(PROTECTION_LIMITS) as (keyof ProtectionOptions)[];

export const DEFAULT_PROTECTION = Object.fromEntries(
  PROTECTION_KEYS.map((key) => [key, PROTECTION_LIMITS[key].default]),
) as unknown as ProtectionOptions;

/** The options at an object's keys; those that are absent or wrong (recorded) are the given ones. */
export function readProtection(reader: ObjectReader | undefined, defaults: ProtectionOptions): ProtectionOptions {
  const options = PROTECTION_KEYS.map((key) => {
    const { minimum, maximum } = PROTECTION_LIMITS[key];
    return [key, reader?.integer(key, minimum, maximum) ?? defaults[key]] as const;
  });
  return Object.fromEntries(options) as unknown as ProtectionOptions;
}
