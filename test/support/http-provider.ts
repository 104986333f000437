import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { readCrmConfig } from '../../src/crm/crm-config.js';
import type { CrmProvider } from '../../src/crm/crm.provider.js';
import { formatFault } from '../../src/files/fault.js';
import { tempFolder } from './temp-folder.js';

export interface HttpProviderSetup {
  readonly env?: Readonly<Record<string, string>>;
  /** Other files of the configuration, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

const made: CrmProvider[] = [];

afterEach(() => Promise.all(made.splice(0).map((provider) => provider.close())));

/** A provider as a configuration with this entry makes it; closed after the test. */
export async function httpProvider(
  entry: Readonly<Record<string, unknown>>,
  { env = {}, files = {} }: HttpProviderSetup = {},
): Promise<CrmProvider> {
  const config = JSON.stringify({ providers: [{ type: 'http', ...entry }] });
  const read = await readCrmConfig(join(tempFolder({ ...files, 'crm.json': config }), 'crm.json'), env);
  if (!read.ok) throw new Error(read.faults.map(formatFault).join('\n'));
  const provider = read.config.providers[0]!.create();
  made.push(provider);
  return provider;
}

export const soon = (): AbortSignal => AbortSignal.timeout(20_000);
