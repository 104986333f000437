import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Taking } from '../../src/decisions/send-store.js';
import { KyselySendStore } from '../../src/store/kysely-send-store.js';
import { Store } from '../../src/store/store.js';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-11-23T14:00:00Z');
const ROUNDS = 50;

const taking = (by: string, at = NOW): Taking => ({ by, at, since: at - HOUR, until: at + 60_000 });

/** What the store does with the places of messages on every database. `url` says where it is. */
export function describeSends(database: string, url: () => string): void {
  describe(`sent messages in ${database}`, () => {
    let stores: Store[];
    let one: KyselySendStore;
    let other: KyselySendStore;
    beforeAll(async () => {
      stores = [new Store(url()), new Store(url())];
      [one, other] = stores.map((store) => new KyselySendStore(store)) as [KyselySendStore, KyselySendStore];
      for (const store of stores) await store.ready();
    });
    afterAll(() => Promise.all(stores.map((store) => store.close())));
    beforeEach(async () => (await stores[0]!.ready()).deleteFrom('sends').execute());

    test('have one place for each scope, which the one who took it may take again', async () => {
      expect(await one.takeSends(['b', 'a'], taking('m1'))).toEqual(new Set(['a', 'b']));
      expect(await other.takeSends(['c', 'b', 'a'], taking('m2'))).toEqual(new Set(['c']));
      expect(await other.takeSends(['a', 'b', 'c'], taking('m1'))).toEqual(new Set(['a', 'b']));
    });

    test.each([
      ['just now', 0, false],
      ['less than the window ago', -HOUR + 1, false],
      ['the window ago', -HOUR, true],
      ['by a clock that is ahead a little', 60_000, false],
      ['by a clock that was ahead a day', 24 * HOUR, true],
    ])('taken %s: whether it is free, and then taken', async (_, offsetMs, isFree) => {
      await one.takeSends(['a'], taking('m1', NOW + offsetMs));
      expect((await other.takeSends(['a'], taking('m2'))).has('a')).toBe(isFree);
      expect((await one.takeSends(['a'], taking('m3'))).size).toBe(0);
    });

    test('go to one of many that take them at the same moment, in whatever order', async () => {
      const scopes = Array.from({ length: 20 }, (_, index) => `s${index}`);
      for (let round = 0; round < ROUNDS; round++) {
        const wanted = scopes.map((scope) => `${round} ${scope}`);
        const taken = await Promise.all([
          one.takeSends(wanted, taking('m1')),
          other.takeSends(wanted.toReversed(), taking('m2')),
          one.takeSends(wanted.toReversed(), taking('m3')),
          other.takeSends(wanted, taking('m4')),
        ]);
        expect(taken.flatMap((each) => [...each]).toSorted()).toEqual(wanted.toSorted());
      }
    });

    test('are purged when they are old enough', async () => {
      await one.takeSends(['old', 'older'], taking('m1', NOW - HOUR));
      await one.takeSends(['new'], taking('m1'));
      expect([await one.purgeSends(NOW), await one.purgeSends(NOW)]).toEqual([2, 0]);
    });
  });
}
