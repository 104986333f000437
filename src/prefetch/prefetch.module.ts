import { Module } from '@nestjs/common';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import type { CrmConfig } from '../crm/crm-config.js';
import type { LastKnownStore } from '../crm/last-known.js';
import { LookupService } from '../crm/lookup.service.js';
import { CRM_CONFIG, EnrichmentModule, LAST_KNOWN } from '../enrichment/enrichment.module.js';
import { Metrics } from '../metrics/metrics.js';
import { OWNER, StoreModule } from '../store/store.module.js';
import { StoreLease } from '../store/store-lease.js';
import { Store } from '../store/store.js';
import { PrefetchLease } from './prefetch-lease.js';
import { PrefetchLog } from './prefetch-log.js';
import { PrefetchScheduler, type ScheduledSource } from './prefetch.scheduler.js';

/** Customers fetched ahead of their messages, on a schedule. */
@Module({
  imports: [EnrichmentModule, StoreModule, ScheduleModule.forRoot()],
  providers: [
    {
      provide: PrefetchLease,
      inject: [Store, OWNER],
      useFactory: (store: Store, owner: string): PrefetchLease => new StoreLease(store, owner),
    },
    {
      provide: PrefetchScheduler,
      inject: [CRM_CONFIG, LAST_KNOWN, LookupService, SchedulerRegistry, PrefetchLease, Metrics],
      useFactory: (
        crm: CrmConfig,
        store: LastKnownStore | null,
        lookups: LookupService,
        registry: SchedulerRegistry,
        lease: PrefetchLease,
        metrics: Metrics,
      ) =>
        store === null
          ? null
          : new PrefetchScheduler({
              sources: scheduledSources(crm, lookups),
              store,
              registry,
              lease,
              listener: new PrefetchLog(metrics),
            }),
    },
  ],
})
export class PrefetchModule {}

function scheduledSources({ providers }: CrmConfig, lookups: LookupService): ScheduledSource[] {
  return providers.flatMap(({ name, prefetchEveryMs: everyMs }) => {
    const source = lookups.source(name);
    return everyMs === null || source?.canList !== true ? [] : [{ source, everyMs }];
  });
}
