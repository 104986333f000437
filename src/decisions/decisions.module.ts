import { Logger, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { InjectConfig, SERVICE_CONFIG, type ServiceConfig } from '../config/service-config.js';
import { Metrics } from '../metrics/metrics.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { AddressHash } from '../shared/address-hash.js';
import { within } from '../shared/within.js';
import { StoreModule } from '../store/store.module.js';
import { DecisionKeeper, DEFAULT_KEEPER_OPTIONS } from './decision-keeper.js';
import { DecisionMasker } from './decision-record.js';
import { DecisionStore } from './decision-store.js';
import { parsePointer } from './masks.js';
import { Retention } from './retention.js';
import { SendStore } from './send-store.js';

/** A store that does not answer must not keep the service from starting. */
const START_TIMEOUT_MS = 2_000;

/** What was decided, kept before it is answered. */
@Module({
  imports: [StoreModule, MetricsModule],
  providers: [
    {
      provide: DecisionKeeper,
      inject: [DecisionStore, Metrics],
      useFactory: (store: DecisionStore, metrics: Metrics) => {
        const keeper = new DecisionKeeper(store, { ...DEFAULT_KEEPER_OPTIONS, report: logStore });
        metrics.storeStatus = () => keeper.status;
        return keeper;
      },
    },
    {
      provide: DecisionMasker,
      inject: [getConfigToken(SERVICE_CONFIG), AddressHash],
      useFactory: ({ decisions: { masks, addresses, keepBody } }: ServiceConfig, hash: AddressHash) =>
        new DecisionMasker({
          masks: masks.flatMap((mask) => [parsePointer(mask) ?? []]),
          keepBody,
          addressHash: addresses === 'hash' ? hash : null,
        }),
    },
    {
      provide: Retention,
      inject: [DecisionStore, SendStore, getConfigToken(SERVICE_CONFIG)],
      useFactory: (store: DecisionStore, sends: SendStore, { decisions: { days } }: ServiceConfig) =>
        new Retention(store, sends, days),
    },
  ],
  exports: [StoreModule, DecisionKeeper, DecisionMasker],
})
export class DecisionsModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly keeper: DecisionKeeper,
    private readonly retention: Retention,
    private readonly store: DecisionStore,
    @InjectConfig() private readonly config: ServiceConfig,
  ) {}

  async onModuleInit(): Promise<void> {
    // One process has a SQLite file: what an earlier one had claimed and did not decide is free for the next attempt.
    const hasStoreToItself = this.config.databaseUrl.startsWith('file:');
    if (hasStoreToItself) await within(START_TIMEOUT_MS, () => this.store.releaseAll()).catch(() => 0);
    this.retention.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.retention.close();
    await this.keeper.close();
  }
}

function logStore(reason: string | null): void {
  const logger = new Logger('Store');
  if (reason === null) logger.log('The store answers again; what waited in memory is written');
  else logger.error(`The store does not answer (${reason}); messages are answered, and decisions wait in memory`);
}
