import { existsSync } from 'node:fs';
import { readServiceConfig } from '../config/service-config.js';
import { requireCrmConfig } from '../crm/crm-config.js';
import { createLookups, NO_SURROUNDINGS } from '../crm/create-lookups.js';
import { knownFor } from '../crm/known-for.js';
import { KyselyLastKnown } from '../store/kysely-last-known.js';
import { Store } from '../store/store.js';
import { type LookupReport, LOOKUP_PRINTERS } from './print-lookup.js';
import { readAddress } from './read-address.js';
import { type LookupStep, RecordedProvider } from './recorded.provider.js';
import type { Refuse } from './refuse.js';

export interface CrmLookupOptions {
  readonly crm?: string;
  readonly format: 'text' | 'json';
}

/**
 * Looks an address up as the service would, and prints the record and how it was come by. What is known of last time is read, and nothing
 * is written.
 *
 * @param refuse ends the command as wrongly used
 * @returns 0, also for somebody who is not found; 1 when no provider could tell
 */
export async function crmLookup(
  written: string,
  options: CrmLookupOptions,
  env: NodeJS.ProcessEnv,
  out: NodeJS.WritableStream,
  refuse: Refuse,
): Promise<0 | 1> {
  const email = readAddress('<address>', written, refuse);
  const config = readServiceConfig({ ...env, CRM_CONFIG: options.crm ?? env['CRM_CONFIG'] });
  const crm = await requireCrmConfig(config.crmConfigFile, env);
  const steps: LookupStep[] = [];
  const storeFaults: string[] = [];
  const { lastKnownDays: maxAgeDays } = crm.lookup;
  const store = maxAgeDays === 0 ? null : openStore(config.databaseUrl);
  const report = (message: string) => void storeFaults.push(message);
  const lastKnown = store && new KyselyLastKnown(store, { maxAgeDays, report, isReadOnly: true });
  const lookups = createLookups(
    {
      lookup: crm.lookup,
      providers: crm.providers.map(({ create, ...rest }) => ({
        ...rest,
        create: () => new RecordedProvider(create(), steps),
      })),
    },
    { ...NO_SURROUNDINGS, lastKnown },
  );
  try {
    const names = crm.providers.map(({ name }) => name);
    const startedAt = performance.now();
    const { customer, lookup } = await lookups.lookup(email, AbortSignal.timeout(config.answerDeadlineMs));
    const found: LookupReport = {
      address: email.address,
      customer,
      lookup,
      milliseconds: performance.now() - startedAt,
      steps,
      lastKnown: await knownFor(email, names, lookups),
      storeFault: storeFaults[0] ?? null,
    };
    out.write(LOOKUP_PRINTERS[options.format](found));
    return lookup.state === 'unavailable' ? 1 : 0;
  } finally {
    await lookups.close();
    await store?.close();
  }
}

/** A SQLite file that is not there is not made. */
function openStore(url: string): Store | null {
  return url.startsWith('file:') && !existsSync(url.slice('file:'.length))
    ? null
    : new Store(url, { isReadOnly: true });
}
