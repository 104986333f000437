import type { ServiceConfig } from '../config/service-config.js';
import { readAddressHashKey } from '../logs/address-hash-key.js';
import { AddressHash } from '../shared/address-hash.js';
import { EnricherError } from '../shared/errors.js';

/**
 * What the service hashes addresses with. By another key nobody would be found, so none is made here.
 *
 * @throws EnricherError `INPUT_INVALID` when the service's key is not known here
 */
export function serviceHash({ addressHashKey, dataDir }: ServiceConfig): AddressHash {
  const key = addressHashKey ?? readAddressHashKey(dataDir);
  if (key === null)
    throw new EnricherError(
      'INPUT_INVALID',
      `The key that stands for addresses is not in ${dataDir}; set ADDRESS_HASH_KEY or DATA_DIR as the service has it`,
    );
  return new AddressHash(key);
}
