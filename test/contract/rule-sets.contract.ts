import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { AcceptedRules } from '../../src/rules/last-good.js';
import { revisionOf, type SourceFile } from '../../src/rules/rules-folder.js';
import { KyselyRuleSets } from '../../src/store/kysely-rule-sets.js';
import { Store } from '../../src/store/store.js';

const HOUR = 3_600_000;
const ROUNDS = 20;
const KEEP_DAYS = 30;
const DAY = 24 * HOUR;

const file = (path: string, content: string | Uint8Array, kind: SourceFile['kind'] = 'rules'): SourceFile => ({
  file: `rules/${path}`,
  path,
  kind,
  bytes: Buffer.from(content),
});

/** @param age in milliseconds */
function accepted(content: string, age = 0): AcceptedRules {
  const files = [file('a.json', content)];
  return { revision: revisionOf(files), acceptedAt: new Date(Date.now() - age), files };
}

/** What the store does with accepted rules on every database. `url` says where it is. */
export function describeRuleSets(database: string, url: () => string): void {
  describe(`accepted rules in ${database}`, () => {
    let stores: Store[];
    let one: KyselyRuleSets;
    let other: KyselyRuleSets;
    const run = async (statement: string) => sql.raw(statement).execute(await stores[0]!.ready());
    beforeAll(async () => {
      stores = [new Store(url()), new Store(url())];
      [one, other] = stores.map((store) => new KyselyRuleSets(store, KEEP_DAYS)) as [KyselyRuleSets, KyselyRuleSets];
      for (const store of stores) await store.ready();
    });
    afterAll(() => Promise.all(stores.map((store) => store.close())));
    beforeEach(() => run('DELETE FROM rule_sets'));

    test('are none at first', async () => {
      expect(await one.load('rules')).toBeNull();
    });

    test('are given byte for byte, under the folder that is asked for', async () => {
      const files = [
        file('a.json', '{"rules":[]} ü\u{1f692}\0'),
        file('deep/a.test.json', '[]', 'tests'),
        file(
          'lists/codes.csv',
          Uint8Array.from({ length: 256 }, (_, index) => index),
          'list',
        ),
      ];
      const rules = { revision: revisionOf(files), acceptedAt: new Date(), files };
      await one.save(rules);
      expect(await other.load('rules')).toEqual(rules);
      expect((await other.load('/srv/rules'))?.files[1]?.file).toBe('/srv/rules/deep/a.test.json');
    });

    test.each([
      ['accepted later, by another replica', accepted('old', HOUR), accepted('new'), 'new'],
      ['accepted earlier, but only now saved', accepted('new'), accepted('old', HOUR), 'new'],
      ['the same again', accepted('same', HOUR), accepted('same'), 'same'],
      ['accepted now, after one with a clock that is ahead', accepted('ahead', -HOUR), accepted('now'), 'now'],
    ])('%s: the newest is given, each is found', async (_, first, second, newest) => {
      await one.save(first);
      await other.save(second);
      expect(String((await one.load('rules'))?.files[0]?.bytes)).toBe(newest);
      expect((await one.find(first.revision, 'rules'))?.files).toEqual(first.files);
      expect((await one.find(second.revision, 'rules'))?.files).toEqual(second.files);
      expect(await one.find('000000000000', 'rules')).toBeNull();
    });

    test('are kept as long as what they decided, and the newest for ever', async () => {
      const sets = [100, 50, 40, 20].map((days) => accepted(`${days} days old`, days * DAY));
      for (const rules of sets) await one.save(rules);
      const kept = await Promise.all(sets.map(({ revision }) => one.find(revision, 'rules')));
      // The one of 40 days ago ran until 20 days ago.
      expect(kept.map((rules) => rules !== null)).toEqual([false, false, true, true]);
      await run(`UPDATE rule_sets SET accepted_at = accepted_at - ${100 * DAY}`);
      await one.save(accepted('old', 90 * DAY));
      expect((await one.load('rules'))?.revision).toBe(accepted('old').revision);
    });

    test('saved by two replicas at the same moment end with whole sets, the newest first', async () => {
      for (let round = 0; round < ROUNDS; round++) {
        await run('DELETE FROM rule_sets');
        const [older, newer] = [accepted(`older ${round}`, 5), accepted(`newer ${round}`)];
        const saves = [() => one.save(older), () => other.save(newer)];
        if (round % 2 === 1) saves.reverse();
        await Promise.all(saves.map((save) => save()));
        expect(await one.load('rules')).toEqual(newer);
      }
    });

    test.each([
      ['are no JSON', `'[{"path":'`],
      ['are no list', `'{}'`],
      ['lack their content', `'[{"path":"a.json","kind":"rules"}]'`],
      ['are others', `'[{"path":"a.json","kind":"rules","base64":"e30="}]'`],
    ])('whose files %s are not given, and give way to the next', async (_, files) => {
      await one.save(accepted('rules'));
      await run(`UPDATE rule_sets SET files = ${files}`);
      expect(await one.load('rules')).toBeNull();
      const next = accepted('next');
      await one.save(next);
      expect(await one.load('rules')).toEqual(next);
    });
  });
}
