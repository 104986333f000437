import type { OnApplicationShutdown } from '@nestjs/common';
import { KyselyDecisionStore } from '../store/kysely-decision-store.js';
import { Store } from '../store/store.js';

const MAX_CONNECTIONS = 2;

/** Decisions to look at, over a connection of their own: a search through all of them must not hold up those who write. */
export class AdminStore implements OnApplicationShutdown {
  readonly #store: Store;
  readonly decisions: KyselyDecisionStore;

  constructor(url: string) {
    this.#store = new Store(url, { maxConnections: MAX_CONNECTIONS });
    this.decisions = new KyselyDecisionStore(this.#store);
  }

  onApplicationShutdown(): Promise<void> {
    return this.#store.close();
  }
}
