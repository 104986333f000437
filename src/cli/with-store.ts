import { existsSync } from 'node:fs';
import type { DecisionStore } from '../decisions/decision-store.js';
import { EnricherError, reasonOf } from '../shared/errors.js';
import { KyselyDecisionStore } from '../store/kysely-decision-store.js';
import { Store, type StoreOptions } from '../store/store.js';

/** The database of the service, which may be running, as commands use it. */
export interface CommandStore {
  /** @throws EnricherError `STORE_UNAVAILABLE` when the database does not do it */
  readonly ask: <T>(work: (store: Store, decisions: DecisionStore) => Promise<T>) => Promise<T>;
}

/**
 * Works on the database as it is, and closes it.
 *
 * @param options for one that is written, too
 * @throws EnricherError `STORE_UNAVAILABLE` when it is not there
 */
export async function withStore<T>(
  url: string,
  work: (store: CommandStore) => Promise<T>,
  options: StoreOptions = { isReadOnly: true },
): Promise<T> {
  // A SQLite file that is not there is not made: nothing is kept in it.
  if (url.startsWith('file:') && !existsSync(url.slice('file:'.length)))
    throw new EnricherError(
      'STORE_UNAVAILABLE',
      `There is no database at ${url} (DATABASE_URL); start the service once`,
    );
  const store = new Store(url, options);
  const decisions = new KyselyDecisionStore(store);
  try {
    return await work({
      ask: (asked) =>
        asked(store, decisions).catch((cause: unknown) => {
          throw new EnricherError('STORE_UNAVAILABLE', `The database cannot be used: ${reasonOf(cause)}`, { cause });
        }),
    });
  } finally {
    await store.close();
  }
}
