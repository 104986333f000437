import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { DeliveryKey } from '../../src/decisions/decision-store.js';
import { KyselyDecisionStore } from '../../src/store/kysely-decision-store.js';
import { KyselyLastKnown } from '../../src/store/kysely-last-known.js';
import { Store } from '../../src/store/store.js';
import { TestPostgres } from '../support/postgres.js';
import { decisionOf } from './decision-store.contract.js';

const ROUNDS = 20;
const MAILBOXES = 3;
const CRM = { name: 'crm', mapping: 'm1' };

let postgres: TestPostgres;
let stores: [Store, Store];

beforeAll(async () => {
  postgres = await TestPostgres.start();
  stores = [new Store(postgres.url()), new Store(postgres.url())];
  // Both at once would wait for the same lock, which is no deadlock.
  for (const store of stores) await store.ready();
});
afterAll(async () => {
  for (const store of stores) await store.close();
  await postgres.close();
});
afterEach(async () => {
  const [counted] = await postgres.run('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()');
  expect(Number(counted?.['deadlocks'])).toBe(0);
});

const keysOf = (round: number, count: number) =>
  Array.from({ length: count }, (_, index): DeliveryKey => ({
    mailbox: `m${index % MAILBOXES}@insurer.example`,
    event: 'received',
    messageId: `${round}-${(index * 7_919) % count}`,
  }));
const lease = (owner: string) => ({ owner, until: Date.now() + 60_000 });

test('two replicas claim and keep the same messages, each in another order', async () => {
  const [one, two] = stores.map((store) => new KyselyDecisionStore(store)) as [
    KyselyDecisionStore,
    KyselyDecisionStore,
  ];
  for (let round = 0; round < ROUNDS; round++) {
    const keys = keysOf(round, 200);
    const both = <T>(act: (store: KyselyDecisionStore, key: DeliveryKey) => Promise<T>) =>
      Promise.all([...keys.map((key) => act(one, key)), ...keys.toReversed().map((key) => act(two, key))]);
    await both((store, key) => store.claim(key, 'hash', lease(store === one ? 'one' : 'two')));
    await both((store, key) => store.commit(decisionOf(key, { id: `${store === one ? 1 : 2}-${key.messageId}` })));
  }
});

test('a replica renews its claims while it keeps them', async () => {
  const [store] = stores.map((each) => new KyselyDecisionStore(each)) as [KyselyDecisionStore];
  for (let round = ROUNDS; round < 4 * ROUNDS; round++) {
    const keys = keysOf(round, 400);
    for (let at = 0; at < keys.length; at += 40)
      await Promise.all(keys.slice(at, at + 40).map((key) => store.claim(key, 'hash', lease('us'))));
    await Promise.all([
      store.renew(keys, lease('us')),
      ...keys.map((key) => store.commit(decisionOf(key, { record: 'x'.repeat(3_000) }))),
    ]);
  }
});

test('two replicas bring the same customers, each in another order', async () => {
  const faults: string[] = [];
  const options = { maxAgeDays: 30, report: (fault: string) => void faults.push(fault) };
  const [one, two] = stores.map((store) => new KyselyLastKnown(store, options)) as [KyselyLastKnown, KyselyLastKnown];
  const ids = Array.from({ length: 200 }, (_, index) => `e:${(index * 7_919) % 200}@people.example`);
  for (let round = 0; round < ROUNDS; round++) {
    const known = ids.map((id) => ({ id, record: { round, text: 'x'.repeat(500) }, seenAt: Date.now() }));
    one.put(CRM, known);
    two.put(CRM, known.toReversed());
    // Which writes what waits.
    await Promise.all([one, two].map((each) => each.savePrefetchState(CRM, { completeUntil: null, open: null })));
  }
  await Promise.all([one.close(), two.close()]);
  expect(faults).toEqual([]);
});
