import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { LEASE_MS, StoreLease } from '../../src/store/store-lease.js';
import { Store } from '../../src/store/store.js';
import { TestPostgres } from '../support/postgres.js';
import { tempFolder } from '../support/temp-folder.js';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await TestPostgres.start();
});
afterAll(() => postgres.close());

describe.each([
  ['SQLite', () => `file:${join(tempFolder(), 'enricher.db')}`],
  ['PostgreSQL', () => postgres.url()],
])('a lease in %s', (_, url) => {
  const stores: Store[] = [];
  afterEach(() => Promise.all(stores.splice(0).map((store) => store.close())));
  const leases = (count: number) => {
    const shared = url();
    return Array.from({ length: count }, (__, index) => {
      const store = new Store(shared);
      stores.push(store);
      return { store, lease: new StoreLease(store, `owner-${index}`) };
    });
  };

  test('is held by one of many, and by the next when it is given back', async () => {
    const all = leases(5);
    let underWay = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++underWay);
      await all[0]!.store.ready();
      underWay -= 1;
    };
    const held = await Promise.all(all.map(({ lease }) => lease.hold('fetch', work)));
    expect([held.includes(true), most]).toEqual([true, 1]);
    expect(await all[1]!.lease.hold('fetch', work)).toBe(true);
    expect(await all[2]!.lease.hold('another', work)).toBe(true);
  });

  test('is refused while another holds it, and given back when the work fails', async () => {
    const [one, other] = leases(2);
    const end = Promise.withResolvers<void>();
    const first = one!.lease.hold('fetch', () => end.promise);
    await one!.store.ready().then((db) => db.selectFrom('leases').selectAll().execute());
    expect(await other!.lease.hold('fetch', () => Promise.resolve())).toBe(false);
    end.reject(new Error('the CRM is down'));
    await expect(first).rejects.toThrow('the CRM is down');
    expect(await other!.lease.hold('fetch', () => Promise.resolve())).toBe(true);
  });

  test('of a process that died is free soon', async () => {
    const [one, other] = leases(2);
    const db = await one!.store.ready();
    const dead = { name: 'fetch', owner: 'dead', expires_at: Date.now() + LEASE_MS };
    await db.insertInto('leases').values(dead).execute();
    expect(await other!.lease.hold('fetch', () => Promise.resolve())).toBe(false);
    await db
      .updateTable('leases')
      .set({ expires_at: Date.now() - 1 })
      .execute();
    expect(await other!.lease.hold('fetch', () => Promise.resolve())).toBe(true);
  });
});
