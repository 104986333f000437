import type { ObjectReader } from '../files/object-reader.js';
import { PROTECTION_KEYS } from './protection-options.js';

/** Keys for providers that are asked about each customer; one that holds them all in memory refuses them. */
export const ASKING_KEYS = ['pushSecret', 'prefetchMinutes', ...PROTECTION_KEYS] as const;

/** Reports a key that providers may have, and this one cannot use. @param why goes on after the key's name */
export function refuseKey(reader: ObjectReader, key: (typeof ASKING_KEYS)[number], why: string): void {
  if (reader.has(key)) reader.document.error(reader.keyNode(key), `"${key}" ${why}`);
}
