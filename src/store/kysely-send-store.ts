import { SendStore, type Taking } from '../decisions/send-store.js';
import type { Store } from './store.js';

export class KyselySendStore extends SendStore {
  constructor(private readonly store: Pick<Store, 'ready'>) {
    super();
  }

  override async takeSends(scopes: readonly string[], { by, at, since, until }: Taking): Promise<ReadonlySet<string>> {
    const db = await this.store.ready();
    const taken = await db
      .insertInto('sends')
      // Rows are locked in their order: two that take the same in another order would lock each other out.
      .values(scopes.toSorted().map((scope) => ({ scope, taken_by: by, sent_at: at })))
      .onConflict((conflict) =>
        conflict
          .column('scope')
          .doUpdateSet({ taken_by: by, sent_at: at })
          .where((where) =>
            where.or([
              where('sends.sent_at', '<=', since),
              where('sends.sent_at', '>', until),
              where('sends.taken_by', '=', by),
            ]),
          ),
      )
      .returning('scope')
      .execute();
    return new Set(taken.map(({ scope }) => scope));
  }

  override async purgeSends(before: number): Promise<number> {
    const db = await this.store.ready();
    const { numDeletedRows } = await db.deleteFrom('sends').where('sent_at', '<', before).executeTakeFirst();
    return Number(numDeletedRows);
  }
}
