import { formatFault } from '../../src/files/fault.js';
import { buildRuleSet } from '../../src/rules/load-rules.js';
import { readRuleTestFile } from '../../src/rule-tests/read-rule-tests.js';
import type { RuleSet } from '../../src/rules/rule-set.js';
import type { RuleTest } from '../../src/rule-tests/rule-test.js';
import type { SourceFile } from '../../src/rules/rules-folder.js';

/** A rule set and tests of it, made without a folder. Both must be without a fault. */
export async function ruleSetWithTests(
  rules: object,
  tests: readonly object[],
): Promise<{ ruleSet: RuleSet; tests: readonly RuleTest[] }> {
  const load = await buildRuleSet([sourceFile('rules.json', 'rules', rules)], { customerFields: null });
  if (!load.ok) throw new Error(load.faults.map(formatFault).join('\n'));
  const ruleNames = new Set(load.ruleSet.rules.map(({ name }) => name));
  const read = readRuleTestFile(sourceFile('rules.test.json', 'tests', tests), { ruleNames, customerFields: null });
  if (read.document.faults.length > 0) throw new Error(read.document.faults.map(formatFault).join('\n'));
  return { ruleSet: load.ruleSet, tests: read.tests.map(({ test }) => test) };
}

export function sourceFile(path: string, kind: SourceFile['kind'], content: object | string): SourceFile {
  const text = typeof content === 'string' ? content : JSON.stringify(content, null, 2);
  return { file: path, path, kind, bytes: Buffer.from(text) };
}

/** A rule that tags with its own name; it holds for every message unless said otherwise. */
export function taggingRule(name: string, changes: object = {}): object {
  return { name, conditions: { all: [] }, actions: [tagging(name)], ...changes };
}

export function tagging(...tags: readonly string[]): object {
  return { type: 'tag', value: { tags } };
}
