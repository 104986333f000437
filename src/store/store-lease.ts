import { within } from '../shared/within.js';
import type { Store } from './store.js';

/** Nobody who lives lets it run out; after a death it is free this long after the last renewal. */
export const LEASE_MS = 15_000;
const RENEW_MS = 5_000;

/** What one process at a time does for all that share the store. */
export class StoreLease {
  constructor(
    private readonly store: Pick<Store, 'ready'>,
    private readonly owner: string,
  ) {}

  /**
   * Does the work while it holds the lease of this name; the signal aborts when the lease is lost, or the store does not answer.
   *
   * @returns false when another has it, and nothing was done
   */
  async hold(name: string, work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    if (!(await this.#take(name))) return false;
    const lost = new AbortController();
    let renewedAt = performance.now();
    const renew = async () => {
      try {
        if (await within(RENEW_MS, () => this.#take(name))) renewedAt = performance.now();
        else lost.abort(new Error('another replica has taken over'));
      } catch {
        if (performance.now() - renewedAt > LEASE_MS - RENEW_MS) lost.abort(new Error('the lease cannot be renewed'));
      }
    };
    let renewing: Promise<void> | undefined;
    const renewal = setInterval(() => {
      renewing = renew();
    }, RENEW_MS).unref();
    try {
      await work(lost.signal);
      return true;
    } finally {
      clearInterval(renewal);
      // One that is under way would take again what is given back.
      await renewing;
      await this.#giveBack(name).catch(() => undefined);
    }
  }

  async #take(name: string): Promise<boolean> {
    const now = Date.now();
    const { owner } = this;
    const db = await this.store.ready();
    const taken = await db
      .insertInto('leases')
      .values({ name, owner, expires_at: now + LEASE_MS })
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet({ owner, expires_at: now + LEASE_MS })
          .where((where) => where.or([where('leases.expires_at', '<', now), where('leases.owner', '=', owner)])),
      )
      .returning('name')
      .execute();
    return taken.length === 1;
  }

  async #giveBack(name: string): Promise<void> {
    const db = await this.store.ready();
    await db.deleteFrom('leases').where('name', '=', name).where('owner', '=', this.owner).execute();
  }
}
