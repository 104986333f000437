import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LastKnown, LastKnownStore, StoredProvider } from '../../src/crm/last-known.js';

const DAY = 86_400_000;
export const MAX_AGE_DAYS = 30;

const CRM: StoredProvider = { name: 'crm', mapping: 'm1' };
const dana = (more: Partial<LastKnown> = {}): LastKnown => ({
  id: 'e:dana@northwind.example',
  record: { tier: 'gold', tags: ['a'], open: 3 },
  seenAt: Date.now(),
  ...more,
});

type Open = () => Promise<LastKnownStore> | LastKnownStore;

/** What every store of last known customers does. `make` gives what opens a new, empty one, and opens it again after it was closed. */
export function describeLastKnownStore(kind: string, make: () => Open): void {
  describe(`last known customers in ${kind}`, () => {
    let open: Open;
    let store: LastKnownStore;
    beforeEach(async () => {
      open = make();
      store = await open();
    });
    afterEach(() => store.close());
    const reopen = async () => {
      await store.close();
      store = await open();
    };

    test('are there at once, and after a restart', async () => {
      const known = dana();
      store.put(CRM, [known]);
      expect(await store.get(CRM, known.id)).toEqual(known);
      await reopen();
      expect(await store.get(CRM, known.id)).toEqual(known);
    });

    test('are replaced by newer ones, and gone when dropped', async () => {
      store.put(CRM, [dana()]);
      store.put(CRM, [dana({ record: { tier: 'silver' } })]);
      expect((await store.get(CRM, dana().id))?.record).toEqual({ tier: 'silver' });
      store.drop(CRM, [dana().id]);
      expect(await store.get(CRM, dana().id)).toBeNull();
      await reopen();
      expect(await store.get(CRM, dana().id)).toBeNull();
    });

    test('belong to one provider, as it maps them now', async () => {
      store.put(CRM, [dana()]);
      await reopen();
      expect(await store.get({ ...CRM, name: 'other' }, dana().id)).toBeNull();
      expect(await store.get({ ...CRM, mapping: 'm2' }, dana().id)).toBeNull();
      expect(await store.get(CRM, dana().id)).not.toBeNull();
    });

    test.each([
      ['29 days', 29, true],
      ['31 days', 31, false],
    ])('of %s ago are there: %s', async (_, days, isThere) => {
      store.put(CRM, [dana({ seenAt: Date.now() - days * DAY })]);
      expect((await store.get(CRM, dana().id)) !== null).toBe(isThere);
      await reopen();
      expect((await store.get(CRM, dana().id)) !== null).toBe(isThere);
    });

    test('may be many and odd', async () => {
      const odd = ["e:o'neil@x.example", 'e:"a b"@x.example', 'e:\u{1f692}@x.example', 'd:xn--bcher-kva.example'];
      const many = Array.from({ length: 5_000 }, (_, index) =>
        dana({ id: `e:p${index}@x.example`, record: { index } }),
      );
      store.put(CRM, [...odd.map((id) => dana({ id })), ...many]);
      await reopen();
      for (const id of odd) expect((await store.get(CRM, id))?.id).toBe(id);
      expect((await store.get(CRM, 'e:p4999@x.example'))?.record).toEqual({ index: 4_999 });
    });

    test('keep how far a pre-fetch has come, with all that was put before', async () => {
      expect(await store.prefetchState(CRM)).toEqual({ completeUntil: null, open: null });
      const state = { completeUntil: 7, open: { startedAt: 9, next: 'page 2', customers: 100 } };
      store.put(CRM, [dana()]);
      await store.savePrefetchState(CRM, state);
      await reopen();
      expect(await store.prefetchState(CRM)).toEqual(state);
      expect(await store.get(CRM, dana().id)).not.toBeNull();
      expect(await store.prefetchState({ ...CRM, mapping: 'm2' })).toEqual({ completeUntil: null, open: null });
      await store.savePrefetchState(CRM, { completeUntil: 9, open: null });
      expect(await store.prefetchState(CRM)).toEqual({ completeUntil: 9, open: null });
    });
  });
}
