import type { Fault } from '../files/fault.js';
import { type Coverage, CoverageRecorder } from '../rule-tests/coverage.js';
import { explainMismatch, type MismatchReasons } from '../rule-tests/explain-mismatch.js';
import { buildRuleSet } from '../rules/load-rules.js';
import { readRuleTestFile } from '../rule-tests/read-rule-tests.js';
import { readRulesFolder } from '../rules/rules-folder.js';
import { runRuleTest, type TestResult } from '../rule-tests/run-rule-tests.js';

export interface ReportedTest extends TestResult {
  /** Null when it passed. */
  readonly reasons: MismatchReasons | null;
}

/** All tests of a rules folder, run. */
export interface TestReport {
  readonly revision: string;
  readonly tests: readonly ReportedTest[];
  /** What is wrong in the files of tests; tests with a fault are not run. */
  readonly faults: readonly Fault[];
  /** Null when it was not asked for. */
  readonly coverage: Coverage | null;
}

export type TestReportRead =
  | { readonly ok: true; readonly report: TestReport }
  /** The rules cannot be used, so no test can be run. */
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Runs every test of a rules folder, however long it takes. */
export async function reportTests(folder: string, withCoverage: boolean): Promise<TestReportRead> {
  const read = await readRulesFolder(folder);
  if (!read.ok) return read;
  const load = await buildRuleSet(read.files, { customerFields: null });
  if (!load.ok) return load;
  const { ruleSet } = load;
  const ruleNames = new Set(ruleSet.rules.map(({ name }) => name));
  const files = read.files
    .filter(({ kind }) => kind === 'tests')
    .map((file) => readRuleTestFile(file, { ruleNames, customerFields: null }));
  const recorder = withCoverage ? new CoverageRecorder(ruleSet) : null;
  const tests = files.flatMap(({ tests: ofFile }) =>
    ofFile.map(({ test }): ReportedTest => {
      const result = runRuleTest(ruleSet, test);
      recorder?.record(test);
      return { ...result, reasons: result.mismatch && explainMismatch(ruleSet, test, result.mismatch) };
    }),
  );
  const faults = files.flatMap(({ document }) => document.faults);
  return { ok: true, report: { revision: ruleSet.revision, tests, faults, coverage: recorder?.result() ?? null } };
}
