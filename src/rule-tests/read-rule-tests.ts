import type { JsonDocument, JsonNode } from '../files/json-document.js';
import { ObjectReader } from '../files/object-reader.js';
import { readExpectation } from './read-expectation.js';
import { type Definition, whereIs } from '../rules/read-named-conditions.js';
import { readTestLookup } from './read-test-lookup.js';
import { readTestMessage } from './read-test-message.js';
import { type RuleTest, TEST_DEFAULTS } from './rule-test.js';
import { readDocument, type SourceFile } from '../rules/rules-folder.js';
import { parseTime } from '../rules/time-values.js';

export interface TestsContext {
  /** Null when the rules cannot be read: then names are not checked. */
  readonly ruleNames: ReadonlySet<string> | null;
  /** The customer's fields that some CRM provider maps; null when unknown. */
  readonly customerFields: readonly string[] | null;
}

/** The tests of one file; what is wrong with the others is in the document. */
export interface RuleTestFile {
  readonly document: JsonDocument;
  readonly tests: readonly { readonly test: RuleTest; readonly nameNode: JsonNode }[];
}

const TEST_KEYS = ['name', 'description', 'now', 'message', 'customer', 'lookup', 'expect'];

/** Reads a file of tests: one test, a list of them, or an object with `tests`. */
export function readRuleTestFile({ file, bytes }: SourceFile, context: TestsContext): RuleTestFile {
  const document = readDocument(file, bytes);
  const definitions = new Map<string, Definition>();
  const tests = testNodes(document).flatMap((node) => {
    const read = readTest(document, node, context);
    if (read === undefined) return [];
    const { name } = read.test;
    const first = definitions.get(name);
    if (first !== undefined) {
      document.error(read.nameNode, `duplicate test "${name}", first defined at ${whereIs(first)}`);
      return [];
    }
    definitions.set(name, { document, key: read.nameNode });
    return [read];
  });
  return { document, tests };
}

function testNodes(document: JsonDocument): readonly JsonNode[] {
  const { root } = document;
  if (root === undefined) return [];
  if (root.type === 'array') return root.children ?? [];
  const reader = ObjectReader.of(document, root, 'a file of tests');
  if (reader === undefined) return [];
  if (!reader.has('tests') && (reader.has('name') || reader.has('expect'))) return [root];
  reader.allow(['$schema', 'description', 'tests'], 'a file of tests');
  reader.require('tests', 'a file of tests');
  return reader.array('tests') ?? [];
}

/** The test at a node; undefined (recorded) when it has a fault. */
function readTest(document: JsonDocument, node: JsonNode, context: TestsContext) {
  const errorsBefore = countErrors(document);
  const reader = ObjectReader.of(document, node, 'a test');
  if (reader === undefined) return undefined;
  // A file that is one test has its "$schema" in the test.
  reader.allow(node === document.root ? ['$schema', ...TEST_KEYS] : TEST_KEYS, 'a test');
  reader.require('name', 'a test');
  const name = reader.string('name');
  const now = readNow(reader);
  const delivery = readTestMessage(document, reader.object('message'), now);
  const found = readTestLookup(document, reader, delivery, context.customerFields);
  const expect = readExpectation(document, reader, context.ruleNames);
  if (name === undefined || expect === undefined || countErrors(document) > errorsBefore) return undefined;
  const nameNode = reader.get('name')!;
  const location = { file: document.file, ...document.position(nameNode.offset) };
  return { test: { name, location, delivery, found, now, expect } satisfies RuleTest, nameNode };
}

function readNow(reader: ObjectReader): Date {
  const written = reader.string('now') ?? TEST_DEFAULTS.now;
  const time = parseTime(written);
  if (time === null)
    reader.document.error(
      reader.get('now')!,
      '"now" must be a date or time, such as "2026-12-01" or "2026-12-01T09:00:00+01:00"',
    );
  return new Date(time ?? TEST_DEFAULTS.now);
}

function countErrors({ faults }: JsonDocument): number {
  return faults.filter(({ severity }) => severity === 'error').length;
}
