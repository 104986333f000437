import type { ObjectReader } from '../files/object-reader.js';

/** Reports a key that every provider may have, and this one cannot use. @param why goes on after the key's name */
export function refuseKey(reader: ObjectReader, key: 'pushSecret' | 'prefetchMinutes', why: string): void {
  if (reader.has(key)) reader.document.error(reader.keyNode(key), `"${key}" ${why}`);
}
