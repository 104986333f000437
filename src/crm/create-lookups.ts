import type { CrmConfig, ProviderConfig } from './crm-config.js';
import { CustomerCache } from './customer-cache.js';
import { CustomerSource } from './customer-source.js';
import { Guard } from './guard.js';
import type { LastKnownStore } from './last-known.js';
import type { LookupObserver } from './lookup-observer.js';
import { LookupService } from './lookup.service.js';
import { ProviderStatuses, type ProviderStatus } from './provider-statuses.js';

export interface LookupSurroundings {
  /** Null: nothing outlives the process. */
  readonly lastKnown: LastKnownStore | null;
  readonly observer: LookupObserver;
  readonly report: (status: ProviderStatus) => void;
}

/** For a command that looks up once: it keeps nothing and tells nobody. */
export const NO_SURROUNDINGS: LookupSurroundings = {
  lastKnown: null,
  observer: {
    called: () => undefined,
    avoided: () => undefined,
    remembered: () => undefined,
    breakerChanged: () => undefined,
  },
  report: () => undefined,
};

/** What `createLookups` needs to know of a provider. */
export type SourceConfig = Pick<ProviderConfig, 'fields' | 'protection' | 'create'>;

/** The look-ups of a configuration, ready to ask. */
export function createLookups(
  { providers, lookup }: { readonly providers: readonly SourceConfig[] } & Pick<CrmConfig, 'lookup'>,
  { lastKnown, observer, report }: LookupSurroundings = NO_SURROUNDINGS,
): LookupService {
  const cache = new CustomerCache(lookup.cache);
  const statuses = new ProviderStatuses(report);
  const sources = providers.map(({ create, fields, protection }) => {
    const provider = create();
    const guard = new Guard(provider.name, protection, observer);
    statuses.add(provider, guard);
    const ended = (...outcome: Parameters<ProviderStatuses['ended']>) => statuses.ended(...outcome);
    return new CustomerSource({ provider, fields, guard, cache, lastKnown, observer, ended });
  });
  return new LookupService({ sources, statuses, strategy: lookup.strategy, observer });
}
