import type { CrmConfig, ProviderConfig } from './crm-config.js';
import { CustomerCache } from './customer-cache.js';
import { CustomerSource } from './customer-source.js';
import { Guard } from './guard.js';
import type { LastKnownStore } from './last-known.js';
import type { LookupObserver } from './lookup-observer.js';
import { LookupService } from './lookup.service.js';
import type { ProtectionOptions } from './protection-options.js';
import { ProviderStatuses, type ProviderStatus } from './provider-statuses.js';

export interface LookupSurroundings {
  /** Null: nothing outlives the process. */
  readonly lastKnown: LastKnownStore | null;
  readonly observer: LookupObserver;
  readonly report: (status: ProviderStatus) => void;
  /** What a message can wait for its look-up, in milliseconds. */
  readonly budgetMs: number;
}

/** For a command that looks up once: it keeps nothing and tells nobody. */
export const NO_SURROUNDINGS: LookupSurroundings = {
  lastKnown: null,
  observer: {
    called: () => undefined,
    avoided: () => undefined,
    remembered: () => undefined,
  },
  report: () => undefined,
  budgetMs: Infinity,
};

/** What `createLookups` needs to know of a provider. */
export type SourceConfig = Pick<ProviderConfig, 'identity' | 'protection' | 'create'>;

/** The look-ups of a configuration, ready to ask. */
export function createLookups(
  { providers, lookup }: { readonly providers: readonly SourceConfig[] } & Pick<CrmConfig, 'lookup'>,
  { lastKnown, observer, report, budgetMs }: LookupSurroundings = NO_SURROUNDINGS,
): LookupService {
  const cache = new CustomerCache(lookup.cache);
  const statuses = new ProviderStatuses(report);
  const sources = providers.map(({ create, identity, protection }) => {
    const provider = create();
    const guard = new Guard(provider.name, fitting(protection, budgetMs), observer);
    statuses.add(provider, guard);
    const ended = (...outcome: Parameters<ProviderStatuses['ended']>) => statuses.ended(...outcome);
    return new CustomerSource({ provider, identity, guard, cache, lastKnown, observer, ended });
  });
  return new LookupService({ sources, statuses, strategy: lookup.strategy, observer });
}

/** Two tries fit in what a message can wait; else none would ever be seen to fail. */
function fitting(protection: ProtectionOptions, budgetMs: number): ProtectionOptions {
  return { ...protection, timeoutMs: Math.max(1, Math.min(protection.timeoutMs, Math.floor(budgetMs / 2))) };
}
