import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { diffLists } from './diff-lists.js';

const diff = (wanted: string, got: string) =>
  diffLists(Array.from(wanted), Array.from(got))
    ?.map(({ sign, text }) => `${sign}${text}`)
    .join('') ?? null;

test.each([
  ['', '', null],
  ['abc', 'abc', null],
  ['abc', '', '-a-b-c'],
  ['', 'ab', '+a+b'],
  ['abc', 'ac', ' a-b c'],
  ['ac', 'abc', ' a+b c'],
  ['abc', 'axc', ' a-b+x c'],
  ['ab', 'ba', '-a b+a'],
])('%j wanted, %j got: %j', (wanted, got, lines) => {
  expect(diff(wanted, got)).toBe(lines);
});

test('a difference holds both lists, whatever they are', () => {
  const lists = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });
  fc.assert(
    fc.property(lists, lists, (wanted, got) => {
      const lines = diffLists(wanted, got) ?? wanted.map((text) => ({ sign: ' ', text }));
      const without = (sign: string) => lines.filter((line) => line.sign !== sign).map(({ text }) => text);
      expect({ wanted: without('+'), got: without('-') }).toEqual({ wanted, got });
    }),
  );
});

test('of lists too long to compare, one is told after the other', () => {
  const wanted = Array.from({ length: 1500 }, (_, index) => `a${index}`);
  const lines = diffLists(wanted, [...wanted, 'last'])!;
  expect(lines.map(({ sign }) => sign)).toEqual([...wanted.map(() => '-'), ...wanted.map(() => '+'), '+']);
});
