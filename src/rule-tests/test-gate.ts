import type { Fault } from '../files/fault.js';
import type { JsonDocument, JsonNode } from '../files/json-document.js';
import { readRuleTestFile, type TestsContext } from './read-rule-tests.js';
import type { RuleSet } from '../rules/rule-set.js';
import type { SourceFile } from '../rules/rules-folder.js';
import { runRuleTest, summarise } from './run-rule-tests.js';
import { Slices } from '../rules/slices.js';

export interface TestGateOptions extends Pick<TestsContext, 'customerFields'> {
  readonly testBudgetMs?: number;
}

const DEFAULT_BUDGET_MS = 2_000;

/**
 * Runs the tests among the files: each red one is an error at its name, and so is what is wrong in their files. Those that are
 * left when the time is up are one warning: a slow machine must not hold back a rule.
 *
 * @param ruleSet null when it has faults: then the files of tests are only read, so that all faults are told together
 */
export async function runTestGate(
  files: readonly SourceFile[],
  ruleSet: RuleSet | null,
  { customerFields, testBudgetMs = DEFAULT_BUDGET_MS }: TestGateOptions,
): Promise<Fault[]> {
  const slices = new Slices();
  const ruleNames = ruleSet && new Set(ruleSet.rules.map(({ name }) => name));
  const documents: JsonDocument[] = [];
  const left: { readonly document: JsonDocument; readonly nameNode: JsonNode }[] = [];
  const startedAt = performance.now();
  for (const file of files.filter(({ kind }) => kind === 'tests')) {
    await slices.turn();
    const { document, tests } = readRuleTestFile(file, { ruleNames, customerFields });
    documents.push(document);
    if (ruleSet === null) continue;
    for (const { test, nameNode } of tests) {
      await slices.turn();
      if (performance.now() - startedAt >= testBudgetMs) {
        left.push({ document, nameNode });
        continue;
      }
      const { mismatch } = runRuleTest(ruleSet, test);
      if (mismatch !== null)
        document.error(nameNode, `the test fails: ${summarise(mismatch)} ("enricher test" says why)`);
    }
  }
  left[0]?.document.warn(
    left[0].nameNode,
    `${left.length} ${left.length === 1 ? 'test was' : 'tests were'} not run, this one first: the tests of all files may take ${testBudgetMs / 1000} s together`,
  );
  return documents.flatMap(({ faults }) => faults);
}
