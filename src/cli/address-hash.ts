import type { Writable } from 'node:stream';
import { readServiceConfig } from '../config/service-config.js';
import { keepAddressHashKey } from '../logs/address-hash-key.js';
import { AddressHash } from '../shared/address-hash.js';
import { parseEmailAddress } from '../shared/email-address.js';
import { EnricherError } from '../shared/errors.js';

/**
 * Prints what stands for an address in the logs of the service with this environment.
 *
 * @throws EnricherError `INPUT_INVALID` when it is none, or when there is no key yet that lasts
 */
export function printAddressHash(address: string, env: NodeJS.ProcessEnv, out: Writable): number {
  if (parseEmailAddress(address) === null) throw new EnricherError('INPUT_INVALID', 'This is no e-mail address');
  const { addressHashKey, dataDir } = readServiceConfig(env);
  const { key, lostBecause } =
    addressHashKey === null ? keepAddressHashKey(dataDir) : { key: addressHashKey, lostBecause: null };
  if (lostBecause !== null)
    throw new EnricherError('INPUT_INVALID', `The key of the service is not in ${dataDir} (${lostBecause})`);
  out.write(`${new AddressHash(key).of(address)}\n`);
  return 0;
}
