import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DecisionRow, DeliveryKey } from '../../src/decisions/decision-store.js';
import { KyselyDecisionStore } from '../../src/store/kysely-decision-store.js';
import { Store } from '../../src/store/store.js';

let count = 0;
const makeKey = (): DeliveryKey => ({ mailbox: 'claims@insurer.example', event: 'received', messageId: `m${count++}` });
const HASH = 'hash-1';
const answerOf = (body: string) => ({ status: 200, body, revision: 'r1' });
const lease = (ms: number, owner = 'us') => ({ owner, until: Date.now() + ms });

export const decisionOf = (key: DeliveryKey, more: Partial<DecisionRow> = {}): DecisionRow => ({
  ...key,
  id: `d-${key.messageId}`,
  bodyHash: HASH,
  decidedAt: Date.now(),
  answer: {
    status: 200,
    body: JSON.stringify({ status: 'success', message: `${key.messageId} ü\u{1f692}` }),
    revision: 'r1',
  },
  outcome: 'acted',
  senderHash: 'h:1',
  lookupState: 'found',
  rules: ['claim', 'vip'],
  record: '{}',
  ...more,
});

/** What the store does on every database. `url` says where it is. */
export function describeDecisionStore(database: string, url: () => string, { isShared }: { isShared: boolean }): void {
  describe(`decisions in ${database}, ${isShared ? 'for several processes' : 'for one process'}`, () => {
    let one: Store;
    let store: KyselyDecisionStore;
    let other: Store;
    const open = (base: Store) => new KyselyDecisionStore({ ready: () => base.ready(), isShared });
    beforeAll(async () => {
      [one, other] = [new Store(url()), new Store(url())];
      await Promise.all([one.ready(), other.ready()]);
      store = open(one);
    });
    afterAll(async () => {
      await one.close();
      await other.close();
    });

    test('a delivery is done when committed', async () => {
      const key = makeKey();
      expect(await store.claim(key, HASH, lease(10_000))).toEqual({ kind: 'claimed' });
      const decision = decisionOf(key);
      expect(await store.commit(decision)).toEqual(decision.answer);
      const { decidedAt, answer } = decision;
      expect(await store.claim(key, HASH, lease(10_000))).toEqual({ kind: 'done', bodyHash: HASH, decidedAt, answer });
      expect(await store.get(decision.id)).toEqual(decision);
    });

    test('a claim that was given back is free', async () => {
      const key = makeKey();
      await store.claim(key, HASH, lease(10_000));
      await store.release(key, 'us');
      expect(await store.claim(key, HASH, lease(10_000))).toEqual({ kind: 'claimed' });
    });

    test('one key at the same moment with two bodies, and the same twice, does not fail the others', async () => {
      const [key, plain] = [makeKey(), makeKey()];
      const asked = [
        store.claim(key, HASH, lease(10_000)),
        store.claim(key, 'hash-2', lease(10_000)),
        store.claim(plain, HASH, lease(10_000)),
      ];
      const kinds = (await Promise.all(asked)).map(({ kind }) => kind);
      expect(kinds).toEqual(['claimed', isShared ? 'taken' : 'claimed', 'claimed']);
      const bodies = ['first', 'second', 'third'];
      const decisions = [HASH, 'hash-2', 'hash-2'].map((bodyHash, index) =>
        decisionOf(key, { id: `${key.messageId}-${index}`, bodyHash, answer: answerOf(bodies[index]!) }),
      );
      const kept = await Promise.all([...decisions, decisionOf(plain)].map((decision) => store.commit(decision)));
      expect(kept.map(({ body }) => body)).toEqual(['first', 'second', 'second', decisionOf(plain).answer.body]);
      expect(await store.claim(key, 'hash-2', lease(10_000))).toMatchObject({
        kind: 'done',
        answer: answerOf('second'),
      });
    });

    const describeShared = isShared ? describe : () => undefined;
    describeShared('of which each is claimed', () => {
      test('once', async () => {
        const key = makeKey();
        await store.claim(key, HASH, lease(10_000));
        expect(await store.claim(key, HASH, lease(10_000, 'them'))).toMatchObject({ kind: 'taken', bodyHash: HASH });
      });

      test('a claim that has ended is anybody’s, and so is one that was given back', async () => {
        const [ended, released] = [makeKey(), makeKey()];
        await store.claim(ended, HASH, lease(-1));
        expect(await store.claim(ended, HASH, lease(10_000, 'them'))).toEqual({ kind: 'claimed' });
        await store.claim(released, HASH, lease(10_000));
        await store.release(released, 'them');
        expect(await store.claim(released, HASH, lease(10_000))).toMatchObject({ kind: 'taken' });
        await store.release(released, 'us');
        expect(await store.claim(released, HASH, lease(10_000))).toEqual({ kind: 'claimed' });
      });

      test('a claim is renewed by who has it, as long as it is open', async () => {
        const [ours, theirs, done] = [makeKey(), makeKey(), makeKey()];
        await store.claim(ours, HASH, lease(-1));
        await store.claim(theirs, HASH, lease(-1, 'them'));
        await store.claim(done, HASH, lease(-1));
        await store.commit(decisionOf(done));
        await store.renew([ours, theirs, done], lease(10_000));
        expect(await store.claim(ours, HASH, lease(10_000, 'third'))).toMatchObject({ kind: 'taken' });
        expect(await store.claim(theirs, HASH, lease(10_000, 'third'))).toEqual({ kind: 'claimed' });
        expect(await store.claim(done, HASH, lease(10_000, 'third'))).toMatchObject({ kind: 'done' });
      });

      test('of many that claim at once, on two connections, one has it', async () => {
        const second = open(other);
        for (let round = 0; round < 20; round++) {
          const keys = Array.from({ length: 10 }, makeKey);
          const claims = await Promise.all(
            keys.flatMap((key) => [
              store.claim(key, HASH, lease(10_000)),
              second.claim(key, HASH, lease(10_000, 'them')),
            ]),
          );
          expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(keys.length);
        }
      });
    });

    test('the first answer of a key and body stays, and who comes later gets it', async () => {
      const key = makeKey();
      const first = decisionOf(key);
      await store.commit(first);
      const later = decisionOf(key, { id: 'later', answer: { status: 200, body: 'other', revision: 'r2' } });
      expect(await store.commit(later)).toEqual(first.answer);
      expect(await store.get(first.id)).toEqual(first);
      expect(await store.get('later')).toBeNull();
    });

    test('another body under the same key replaces it', async () => {
      const key = makeKey();
      await store.commit(decisionOf(key));
      const anew = decisionOf(key, { id: `anew-${key.messageId}`, bodyHash: 'hash-2' });
      expect(await store.commit(anew)).toEqual(anew.answer);
      expect(await store.get(anew.id)).toEqual(anew);
      expect(await store.get(`d-${key.messageId}`)).toBeNull();
    });

    test('many at once are all kept', async () => {
      const decisions = Array.from({ length: 1_500 }, () => decisionOf(makeKey()));
      await Promise.all(decisions.map((decision) => store.commit(decision)));
      for (const decision of [decisions[0]!, decisions[777]!, decisions.at(-1)!])
        expect(await store.get(decision.id)).toEqual(decision);
    });

    describe('listing', () => {
      const mailbox = 'list@insurer.example';
      const rows = Array.from({ length: 10 }, (_, index) =>
        decisionOf(
          { mailbox, event: 'received', messageId: `l${index}` },
          {
            id: `l${index}`,
            decidedAt: 1_000 + index,
            senderHash: index % 2 === 0 ? 'h:even' : null,
            outcome: index === 3 ? 'nothing_to_do' : 'acted',
            rules: index < 2 ? ['a_b', '100%'] : index === 2 ? ['axb'] : [],
          },
        ),
      );
      beforeAll(async () => {
        for (const row of rows) await store.commit(row);
      });

      test.each<[string, object, number[]]>([
        ['newest first', { limit: 3 }, [9, 8, 7]],
        ['oldest first', { limit: 3, oldestFirst: true }, [0, 1, 2]],
        ['behind a decision', { limit: 3, after: 'l7' }, [6, 5, 4]],
        ['behind a decision, oldest first', { limit: 3, after: 'l7', oldestFirst: true }, [8, 9]],
        ['of a sender', { limit: 2, senderHash: 'h:even' }, [8, 6]],
        ['of a time', { limit: 9, since: 1_002, until: 1_005 }, [4, 3, 2]],
        ['by outcome', { limit: 9, outcome: 'nothing_to_do' }, [3]],
        ['by rule, whose name is no pattern', { limit: 9, rule: 'a_b' }, [1, 0]],
        ['by a rule with a percent sign', { limit: 9, rule: '100%' }, [1, 0]],
        ['by a rule that nobody has', { limit: 9, rule: 'a' }, []],
      ])('%s', async (_, query, expected) => {
        const listed = await store.list({ mailbox, limit: 1, ...query });
        expect(listed.map(({ id }) => id)).toEqual(expected.map((index) => `l${index}`));
      });

      test('gives the whole decision, and never an open one', async () => {
        await store.claim({ mailbox, event: 'received', messageId: 'open' }, HASH, lease(10_000));
        expect(await store.list({ mailbox, limit: 1, oldestFirst: true })).toEqual([rows[0]]);
        expect(await store.list({ mailbox, limit: 100 })).toHaveLength(rows.length);
      });
    });

    test('erases a sender, and purges the oldest in slices', async () => {
      const mine = Array.from({ length: 3 }, () => decisionOf(makeKey(), { senderHash: 'h:erase' }));
      const old = Array.from({ length: 5 }, (_, index) =>
        decisionOf(makeKey(), { id: `0000-${index}`, decidedAt: index }),
      );
      for (const decision of [...mine, ...old]) await store.commit(decision);
      expect(await store.eraseSender('h:erase')).toBe(3);
      expect(await store.get(mine[0]!.id)).toBeNull();
      expect([await store.purge(100, 3), await store.purge(100, 3), await store.purge(100, 3)]).toEqual([3, 2, 0]);
      expect(await store.get(old[0]!.id)).toBeNull();
    });

    test('takes a message id that a database cannot hold, beside others', async () => {
      const [odd, plain] = [{ ...makeKey(), messageId: 'a\0b\ud800' }, makeKey()];
      const claims = await Promise.all([
        store.claim(odd, HASH, lease(10_000)),
        store.claim(plain, HASH, lease(10_000)),
      ]);
      expect(claims).toEqual([{ kind: 'claimed' }, { kind: 'claimed' }]);
      await Promise.all([store.commit(decisionOf(odd, { id: 'nul' })), store.commit(decisionOf(plain))]);
      expect(await store.claim(odd, HASH, lease(10_000))).toMatchObject({ kind: 'done' });
      expect((await store.get('nul'))?.messageId).toBe('a\uFFFDb\uFFFD');
    });

    test('takes a message id and a mailbox of any length, beside others', async () => {
      const long = 'ü'.repeat(100_000);
      const keys = [
        { mailbox: `${long}@x.example`, event: 'received', messageId: `${long}1` },
        { mailbox: `${long}@x.example`, event: 'received', messageId: `${long}2` },
        makeKey(),
      ];
      const claims = () => Promise.all(keys.map((key) => store.claim(key, HASH, lease(10_000))));
      expect((await claims()).map(({ kind }) => kind)).toEqual(['claimed', 'claimed', 'claimed']);
      await Promise.all(keys.map((key, index) => store.commit(decisionOf(key, { id: `long-${index}` }))));
      expect((await claims()).map(({ kind }) => kind)).toEqual(['done', 'done', 'done']);
    });

    test('keeps odd text byte for byte', async () => {
      const key = { mailbox: "o'neil@x.example", event: 'received', messageId: `"\\'%_\u{1f692}` };
      const decision = decisionOf(key, {
        id: 'odd',
        record: JSON.stringify({ text: "'; DROP TABLE decisions; --\\u0000" }),
      });
      await store.commit(decision);
      expect(await store.get('odd')).toEqual(decision);
    });
  });
}
