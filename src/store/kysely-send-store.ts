import { SendStore } from '../decisions/send-store.js';
import type { Store } from './store.js';

export class KyselySendStore extends SendStore {
  constructor(private readonly store: Pick<Store, 'ready'>) {
    super();
  }

  override async takeSend(scope: string, by: string, now: number, since: number): Promise<boolean> {
    const db = await this.store.ready();
    const taken = await db
      .insertInto('sends')
      .values({ scope, taken_by: by, sent_at: now })
      .onConflict((conflict) =>
        conflict
          .column('scope')
          .doUpdateSet({ taken_by: by, sent_at: now })
          .where((where) => where.or([where('sends.sent_at', '<=', since), where('sends.taken_by', '=', by)])),
      )
      .returning('scope')
      .execute();
    return taken.length === 1;
  }

  override async purgeSends(before: number): Promise<number> {
    const db = await this.store.ready();
    const { numDeletedRows } = await db.deleteFrom('sends').where('sent_at', '<', before).executeTakeFirst();
    return Number(numDeletedRows);
  }
}
