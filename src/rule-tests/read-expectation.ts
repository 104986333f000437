import { ACTION_TYPES } from '../actions/action-template.js';
import { didYouMean } from '../files/did-you-mean.js';
import { type JsonDocument, type JsonNode, valueOf } from '../files/json-document.js';
import { describe, ObjectReader } from '../files/object-reader.js';
import type { Expectation, WantedAction } from './rule-test.js';

export const EXPECT_KEYS = ['actions', 'rules', 'notRules'];

/** What a test expects; undefined (recorded) when that is missing. Names of rules that there are not are recorded. */
export function readExpectation(
  document: JsonDocument,
  test: ObjectReader,
  ruleNames: ReadonlySet<string> | null,
): Expectation | undefined {
  test.require('expect', 'a test');
  const expect = test.object('expect');
  if (expect === undefined) return undefined;
  expect.allow(EXPECT_KEYS, '"expect"');
  if (!EXPECT_KEYS.some((key) => expect.has(key)))
    document.error(expect.node, '"expect" needs "actions", "rules" or "notRules"');
  const actions = expect.array('actions')?.flatMap((node) => readWantedAction(document, node) ?? []);
  const rules = readNames(document, expect, 'rules', ruleNames);
  const notRules = readNames(document, expect, 'notRules', ruleNames);
  for (const { name, node } of notRules ?? []) {
    if (rules?.some((wanted) => wanted.name === name))
      document.error(node, `"${name}" stands in "rules" and in "notRules"`);
  }
  return {
    actions: actions ?? null,
    rules: rules?.map(({ name }) => name) ?? null,
    notRules: notRules?.map(({ name }) => name) ?? [],
  };
}

function readWantedAction(document: JsonDocument, node: JsonNode): WantedAction | undefined {
  const reader = ObjectReader.of(document, node, 'an action');
  if (reader === undefined) return undefined;
  reader.allow(['type', 'name', 'value'], 'an action');
  reader.require('type', 'an action');
  reader.require('value', 'an action');
  const type = reader.oneOf('type', ACTION_TYPES);
  const name = reader.string('name');
  const value = reader.object('value');
  if (type === undefined || value === undefined) return undefined;
  return {
    type,
    ...(name === undefined ? {} : { name }),
    value: valueOf(value.node) as WantedAction['value'],
  };
}

function readNames(document: JsonDocument, expect: ObjectReader, key: string, ruleNames: ReadonlySet<string> | null) {
  const seen = new Set<string>();
  return expect.array(key)?.flatMap((node) => {
    if (node.type !== 'string') {
      document.error(node, `an entry of "${key}" must be the name of a rule, not ${describe(node)}`);
      return [];
    }
    const name = node.value as string;
    if (ruleNames?.has(name) === false) document.error(node, `unknown rule "${name}"${didYouMean(name, ruleNames)}`);
    if (seen.size === seen.add(name).size) document.error(node, `"${name}" stands twice in "${key}"`);
    return [{ name, node }];
  });
}
