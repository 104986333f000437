import { readServiceConfig } from '../config/service-config.js';
import { requireCrmConfig } from '../crm/crm-config.js';
import { createLookups, NO_SURROUNDINGS } from '../crm/create-lookups.js';
import type { CustomerSource } from '../crm/customer-source.js';
import { prefetch, type PrefetchProgress } from '../crm/prefetch.js';
import type { LastKnownStore } from '../crm/last-known.js';
import { KyselyLastKnown } from '../store/kysely-last-known.js';
import { Store } from '../store/store.js';
import { describeProgress, describeResult } from '../prefetch/describe-prefetch.js';
import { EnricherError } from '../shared/errors.js';
import { ProgressLine } from './progress-line.js';
import type { Refuse } from './refuse.js';

export interface CrmPrefetchOptions {
  readonly crm?: string;
  readonly provider?: string;
  readonly full?: boolean;
}

/** Where a command writes: results, and how far it is. */
export interface PrefetchOutput {
  readonly out: NodeJS.WritableStream;
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

const TELL_EVERY_MS = 10_000;

/**
 * Fetches changed customers ahead, one provider after the other, into the database of the service, which may be running.
 *
 * @param signal stops it; it keeps its place
 * @param refuse ends the command as wrongly used
 * @returns 1 when a provider's run did not come to its end
 * @throws EnricherError when there is nothing that could be fetched, or nowhere to keep it
 */
export async function crmPrefetch(
  options: CrmPrefetchOptions,
  env: NodeJS.ProcessEnv,
  { out, err }: PrefetchOutput,
  signal: AbortSignal,
  refuse: Refuse,
): Promise<0 | 1> {
  const config = readServiceConfig({ ...env, CRM_CONFIG: options.crm ?? env['CRM_CONFIG'] });
  const crm = await requireCrmConfig(config.crmConfigFile, env);
  const names = crm.providers.map(({ name }) => name);
  if (options.provider !== undefined && !names.includes(options.provider))
    refuse(`error: there is no provider "${options.provider}" (there are ${names.join(', ') || 'none'})`);
  const { lastKnownDays: maxAgeDays } = crm.lookup;
  if (maxAgeDays === 0)
    throw new EnricherError('CRM_CONFIG_INVALID', 'With "lastKnownDays" 0 nothing that is fetched would be kept');
  const report = (message: string) => void err.write(`the store: ${message}\n`);
  const store = new Store(config.databaseUrl);
  const lastKnown = new KyselyLastKnown(store, { maxAgeDays, report });
  const lookups = createLookups(crm, { ...NO_SURROUNDINGS, lastKnown });
  try {
    const wanted = names.filter((name) => options.provider === undefined || name === options.provider);
    const sources = wanted.flatMap((name) => lookups.source(name) ?? []).filter(({ canList }) => canList);
    if (sources.length === 0) throw nobodyLists(wanted);
    let areAllComplete = true;
    for (const source of sources) {
      const isComplete = await fetchOne(source, lastKnown, options.full === true, { out, err }, signal);
      areAllComplete = isComplete && areAllComplete;
    }
    return areAllComplete ? 0 : 1;
  } finally {
    await lookups.close();
    await lastKnown.close();
    await store.close();
  }
}

async function fetchOne(
  source: CustomerSource,
  store: LastKnownStore,
  isFull: boolean,
  { out, err }: PrefetchOutput,
  signal: AbortSignal,
): Promise<boolean> {
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1_000;
  const line = err.isTTY === true ? new ProgressLine(err) : null;
  line?.show(`${source.name}: asking`);
  let toldAt = startedAt;
  const onPage = (progress: PrefetchProgress) => {
    const perSecond = Math.round(progress.newCustomers / seconds());
    const text = `${source.name}: ${describeProgress(progress)}, ${perSecond.toLocaleString('en')} a second`;
    if (line !== null) return line.show(text);
    if (performance.now() - toldAt < TELL_EVERY_MS) return;
    toldAt = performance.now();
    err.write(`${text}\n`);
  };
  const result = await prefetch(source, store, { isFull, onPage }, signal);
  line?.end();
  out.write(`${source.name}: ${describeResult(result, seconds())}\n`);
  return result.end.kind === 'complete';
}

function nobodyLists(names: readonly string[]): EnricherError {
  const list = names.map((name) => `"${name}"`).join(', ');
  const who = names.length === 0 ? 'No provider is configured' : `${list}: none can list its customers`;
  return new EnricherError('CRM_CONFIG_INVALID', `${who}; docs/crm.md says which can, "Fetch ahead"`);
}
