import { randomUUID } from 'node:crypto';
import { Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { SERVICE_CONFIG, type ServiceConfig } from '../config/service-config.js';
import { DecisionStore } from '../decisions/decision-store.js';
import { SendStore } from '../decisions/send-store.js';
import { KyselyDecisionStore } from './kysely-decision-store.js';
import { KyselySendStore } from './kysely-send-store.js';
import { Store } from './store.js';

/** Names this process among all that share the store. */
export const OWNER = Symbol('Owner');

@Module({
  providers: [
    { provide: OWNER, useFactory: () => randomUUID() },
    {
      provide: Store,
      inject: [getConfigToken(SERVICE_CONFIG)],
      useFactory: ({ databaseUrl }: ServiceConfig) =>
        new Store(databaseUrl, { replaced: () => logReplaced(databaseUrl) }),
    },
    { provide: DecisionStore, inject: [Store], useFactory: (store: Store) => new KyselyDecisionStore(store) },
    { provide: SendStore, inject: [Store], useFactory: (store: Store) => new KyselySendStore(store) },
  ],
  exports: [Store, OWNER, DecisionStore, SendStore],
})
export class StoreModule implements OnApplicationShutdown {
  constructor(private readonly store: Store) {}

  /** After all that use it: modules are shut down from those who import to those who are imported. */
  onApplicationShutdown(): Promise<void> {
    return this.store.close();
  }
}

function logReplaced(databaseUrl: string): void {
  const path = databaseUrl.slice('file:'.length);
  new Logger('Store').error(
    `${path}: the database file was deleted or replaced; decisions are kept in what is there now, or in a new one`,
  );
}
