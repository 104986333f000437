import { Logger, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { SERVICE_CONFIG, type ServiceConfig } from '../config/service-config.js';
import { Metrics } from '../metrics/metrics.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { AddressHash } from '../shared/address-hash.js';
import { count } from '../shared/count.js';
import { OWNER, StoreModule } from '../store/store.module.js';
import { DecisionKeeper, DEFAULT_KEEPER_OPTIONS } from '../decisions/decision-keeper.js';
import { DecisionMasker } from '../decisions/decision-record.js';
import { DecisionStore } from '../decisions/decision-store.js';
import { parsePointer } from '../decisions/masks.js';
import { Retention } from '../decisions/retention.js';
import { SendStore } from '../decisions/send-store.js';

/** What was decided, kept before it is answered. */
@Module({
  imports: [StoreModule, MetricsModule],
  providers: [
    {
      provide: DecisionKeeper,
      inject: [DecisionStore, OWNER, Metrics],
      useFactory: (store: DecisionStore, owner: string, metrics: Metrics) => {
        const keeper = new DecisionKeeper(store, owner, { ...DEFAULT_KEEPER_OPTIONS, report: logStore, lost: logLost });
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
        new Retention(store, sends, { days, report: logRetention }),
    },
  ],
  exports: [StoreModule, DecisionKeeper, DecisionMasker],
})
export class DecisionsModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly keeper: DecisionKeeper,
    private readonly retention: Retention,
  ) {}

  onModuleInit(): void {
    void this.keeper.probe();
    this.retention.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.retention.close();
    await this.keeper.close();
  }
}

function logStore(reason: string | null): void {
  const logger = new Logger('Store');
  if (reason === null) logger.log('The store answers again; what waits in memory is written now');
  else logger.error(`The store does not answer (${reason}); messages are answered, and decisions wait in memory`);
}

function logRetention(reason: string | null): void {
  const logger = new Logger('Store');
  if (reason === null) logger.log('Old decisions and sends are taken away again');
  else
    logger.error(`Old decisions and sends cannot be taken away (${reason}); they are kept longer than they should be`);
}

function logLost(decisions: number): void {
  new Logger('Store').error(
    `${count(decisions, 'decision')} could not be written before the end: the messages were answered, and nothing is known of them any more`,
  );
}
