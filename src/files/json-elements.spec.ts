import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { JsonDocument } from './json-document.js';
import { JsonElements, type JsonObject } from './json-elements.js';

/** What it reads, or what it says is wrong. */
function read(text: string | Buffer): unknown {
  try {
    const elements = new JsonElements('c.json', Buffer.from(text));
    const values: [number, JsonObject][] = [];
    while (elements.next()) values.push([elements.offset, elements.value]);
    for (const [offset, value] of values) expect(elements.valueAt(offset)).toEqual(value);
    return values.map(([, value]) => value);
  } catch (error) {
    return (error as Error).message;
  }
}

/** The same of the whole text at once. */
function readWhole(text: string | Buffer): unknown {
  const document = new JsonDocument('c.json', Buffer.from(text));
  const [fault] = document.faults;
  if (fault !== undefined) return `line ${fault.line}, column ${fault.column}: ${fault.message}`;
  const rows: unknown = JSON.parse(document.text);
  const isObject = (row: unknown) => typeof row === 'object' && row !== null && !Array.isArray(row);
  return Array.isArray(rows) && rows.every(isObject) ? rows : 'it must be an array of objects';
}

test.each([
  '',
  ' ',
  '{}',
  '[',
  '[]',
  '\uFEFF[]\n',
  '[] x',
  '[{}',
  '[{},]',
  '[{} {}]',
  '[{}, 5]',
  '[5,',
  '[,{}]',
  '[\n  { "email": ]',
  '[\n { "a": 1 },\n  { "b": 1,\n "c": [{ "d": {}, "d": 2 }] }\n]',
  '[{ "a": "\\u00e9\\"{[,:" }, { "é": "x", \'b\': 1 }]',
  '[{"a":1}, {"é": 1}, {"a":1, "a":2}]',
  '[{"a": "two\nlines"}]',
  '[{"a": [1}]}]',
  '[{"a": 1}}, {}]',
  '[{"a": 1]',
  '[{"a" 1}]',
  '["x"]',
  `[{"a": ${'['.repeat(198)}${']'.repeat(198)}}]`,
  `[{}, {"a": ${'['.repeat(199)}${']'.repeat(199)}}]`,
  Buffer.from('[{},\n{"a": "é"}]', 'latin1'),
  '[{"a": "\uFFFD"}]',
  '[{"__proto__": 1, "a": {"__proto__": {"b": 2}}}]',
])('%j is read, or refused at the same place in the same words, as a whole would be', (text) => {
  expect(read(text)).toEqual(readWhole(text));
});

test('an array cut or with something put in anywhere is read or refused as a whole would be', () => {
  const row = fc.dictionary(fc.constantFrom('a', 'é', 'b"', '\n'), fc.jsonValue({ maxDepth: 2 }), {
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 4 }),
      fc.constantFrom(0, 1),
      fc.nat(200),
      fc.constantFrom('', ',', '}', ']', '{', ':', '"', 'x', '{}', '\n', '1', '{"a":1,"a":2}'),
      fc.boolean(),
      (rows, indent, place, inserted, isCut) => {
        const text = JSON.stringify(rows, null, indent);
        const at = Math.min(place, text.length);
        const changed = text.slice(0, at) + inserted + (isCut ? '' : text.slice(at));
        expect(typeof read(changed)).toBe(typeof readWhole(changed));
        if (Array.isArray(readWhole(changed))) expect(read(changed)).toEqual(readWhole(changed));
      },
    ),
    { numRuns: 2000 },
  );
});

test('a fault far behind has the place in the file', () => {
  const rows = '{"a": "é"},\n'.repeat(150_000);
  expect(read(`[\n${rows}{"a": 1, "a": 2}]`)).toBe(
    'line 150002, column 10: duplicate key "a", first written in line 150002',
  );
  expect(read(`[\n5,${rows}{}]`)).toBe('it must be an array of objects');
  expect(read(`{\n${rows}`)).toBe('it must be an array of objects');
});
