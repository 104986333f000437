import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Node, parseTree } from 'jsonc-parser';
import { treeOfValidJson } from './json-tree.js';

/** A tree without the parents, which would make it endless. */
function plain({ type, offset, length, value, colonOffset, children }: Node): unknown {
  return { type, offset, length, value, colonOffset, children: children?.map(plain) };
}

const space = fc.constantFrom('', ' ', '\n', '\t \r\n');

test("every valid text gives the tree of jsonc-parser's", () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ stringUnit: 'binary' }),
      fc.constantFrom(undefined, 1, 2, '\t'),
      space,
      space,
      (value, indent, before, after) => {
        const text = before + JSON.stringify(value, null, indent) + after;
        expect(plain(treeOfValidJson(text))).toEqual(plain(parseTree(text)!));
      },
    ),
    { numRuns: 500 },
  );
});

test.each([
  '"a\\"b"',
  '"\\\\"',
  '["\\\\","\\""]',
  '{"\\u00e9\\n":-1.5e+3}',
  '[true,false,null , 0]',
  '{ }',
  '[ ]',
  '""',
])('%s, too', (text) => {
  expect(plain(treeOfValidJson(text))).toEqual(plain(parseTree(text)!));
});
