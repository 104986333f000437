import type { Writable } from 'node:stream';
import { readServiceConfig } from '../config/service-config.js';
import { readAddress } from './read-address.js';
import type { Refuse } from './refuse.js';
import { serviceHash } from './service-hash.js';

/**
 * Prints what stands for an address in the logs of the service with this environment.
 *
 * @param refuse ends the command as wrongly used
 * @throws EnricherError `INPUT_INVALID` when the service's key is not known here
 */
export function printAddressHash(address: string, env: NodeJS.ProcessEnv, out: Writable, refuse: Refuse): number {
  const email = readAddress('<address>', address, refuse);
  out.write(`${serviceHash(readServiceConfig(env)).of(email.address)}\n`);
  return 0;
}
