import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceConfig } from '../config/service-config.js';
import { KEY_FILE } from '../logs/address-hash-key.js';
import { AddressHash } from '../shared/address-hash.js';
import { EnricherError } from '../shared/errors.js';

/** The service takes no shorter one from the file: it makes another. */
const MIN_KEPT_LENGTH = 32;

/**
 * What the service hashes addresses with. By another key nobody would be found, so none is made here.
 *
 * @throws EnricherError `INPUT_INVALID` when the service's key is not known here
 */
export function serviceHash({ addressHashKey, dataDir }: ServiceConfig): AddressHash {
  const key = addressHashKey ?? readKept(join(dataDir, KEY_FILE));
  if (key === null)
    throw new EnricherError(
      'INPUT_INVALID',
      `The key that stands for addresses is not in ${dataDir}; set ADDRESS_HASH_KEY or DATA_DIR as the service has it`,
    );
  return new AddressHash(key);
}

function readKept(file: string): string | null {
  try {
    const key = readFileSync(file, 'utf8').trim();
    return key.length < MIN_KEPT_LENGTH ? null : key;
  } catch {
    return null;
  }
}
