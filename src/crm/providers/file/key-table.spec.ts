import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KeyTable } from './key-table.js';

test('it holds what a map would, whatever the keys and however few were expected', () => {
  const key = fc.oneof(
    fc.constantFrom('', 'a', 'b', 'ab', 'é', '\u{1f692}'),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
  );
  fc.assert(
    fc.property(fc.array(key, { maxLength: 200 }), fc.array(key), fc.nat(500), (keys, others, expected) => {
      const table = new KeyTable();
      const wanted = new Map<string, { offset: number; count: number }>();
      for (const [offset, each] of keys.entries()) {
        table.add(each, offset);
        wanted.set(each, { offset, ...wanted.get(each), count: (wanted.get(each)?.count ?? 0) + 1 });
      }
      const check = () => {
        expect(table.size).toBe(wanted.size);
        for (const each of [...keys, ...others]) expect(table.get(each)).toEqual(wanted.get(each));
      };
      check();
      table.expect(expected);
      check();
      table.trim();
      check();
      table.add('one more', 7);
      expect(table.get('one more')).toEqual({ offset: 7, count: 1 });
    }),
  );
});

test('a text that UTF-8 cannot hold finds nothing', () => {
  const table = new KeyTable();
  table.add('\uFFFD', 7);
  expect(table.get('\uD800')).toBeUndefined();
  expect(table.get('\uFFFD')).toEqual({ offset: 7, count: 1 });
});
