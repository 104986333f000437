import { describeSuppressed } from '../enrichment/describe-outcome.js';
import { formatFault } from '../files/fault.js';
import type { ConditionCoverage, Coverage } from '../rule-tests/coverage.js';
import type { DiffLine } from '../rule-tests/diff-lists.js';
import type { SourceLocation } from '../rules/rule.js';
import { summarise } from '../rule-tests/run-rule-tests.js';
import type { Explanation } from '../rules/verdict.js';
import { describeVerdict } from './print-enrichment.js';
import type { ReportedTest, TestReport } from './test-report.js';
import { count } from '../shared/count.js';

/** The report for programs. */
export function toJson({ revision, tests, faults, coverage }: TestReport): string {
  const failed = tests.filter(({ mismatch }) => mismatch !== null).length;
  const body = {
    revision,
    passed: tests.length - failed,
    failed,
    faults,
    tests: tests.map(({ test: { name, location }, mismatch, reasons }) => ({
      name,
      location,
      passed: mismatch === null,
      ...(mismatch === null ? {} : { summary: summarise(mismatch), mismatch, reasons }),
    })),
    ...(coverage === null ? {} : { coverage }),
  };
  return `${JSON.stringify(body, null, 2)}\n`;
}

/** The same, for people: what is wrong at length, what is fine as a number. */
export function toText({ tests, faults, coverage }: TestReport): string {
  const failed = tests.filter(({ mismatch }) => mismatch !== null);
  const lines = [...faults.map(formatFault), ...failed.flatMap((test) => [...describeFailure(test), ''])];
  if (tests.length === 0 && faults.length === 0) lines.push('no tests: they are files *.test.json in the rules folder');
  else lines.push(summariseRun(tests.length, failed.length, faults.length));
  if (coverage !== null) lines.push(...describeCoverage(coverage));
  return `${lines.join('\n')}\n`;
}

function summariseRun(total: number, failed: number, faults: number): string {
  const inFiles = faults === 0 ? '' : `, ${count(faults, 'fault')} in their files`;
  return failed === 0
    ? `${count(total, 'test')} passed${inFiles}`
    : `${failed} of ${count(total, 'test')} failed${inFiles}`;
}

/** A failed test: where it stands, in what the outcome differs, and what the rules say to it. */
export function describeFailure({ test, mismatch, reasons }: ReportedTest): string[] {
  if (mismatch === null || reasons === null) return [];
  const { missing, unwanted, lost } = reasons;
  return [
    `${at(test.location)}  failed: ${test.name}`,
    ...describeDiff('rules', mismatch.rules),
    ...describeDiff('actions', mismatch.actions),
    ...describeVerdicts('did not act:', missing),
    ...describeVerdicts('acted:', unwanted),
    ...lost.map((one) => `  left out: ${describeSuppressed(one, one.part)}`),
  ];
}

function describeDiff(what: string, lines: readonly DiffLine[] | null): string[] {
  if (lines === null) return [];
  return [`  ${what} (- wanted, + got):`, ...lines.map(({ sign, text }) => `    ${sign} ${text}`)];
}

function describeVerdicts(title: string, explanations: readonly Explanation[]): string[] {
  if (explanations.length === 0) return [];
  return [`  ${title}`, ...explanations.flatMap(describeVerdict).map((line) => `  ${line}`)];
}

function describeCoverage({ conditions, ratio, unreachedRules }: Coverage): string[] {
  const open = conditions.filter(({ seenTrue, seenFalse }) => !seenTrue || !seenFalse);
  return [
    `coverage ${percent(ratio)} %: ${conditions.length - open.length} of ${count(conditions.length, 'comparison')} seen true and false`,
    ...open.map(
      (condition) => `  ${at(condition.location)}  ${condition.fact} ${condition.operator}: ${lack(condition)}`,
    ),
    ...unreachedRules.map(({ name, location }) => `  ${at(location)}  no test asks rule "${name}"`),
  ];
}

/** Rounded down, so that 100 is all. */
function percent(ratio: number): number {
  return Math.floor(ratio * 100);
}

function lack({ seenTrue, seenFalse }: ConditionCoverage): string {
  if (seenTrue) return 'never false';
  return seenFalse ? 'never true' : 'never seen';
}

function at({ file, line, column }: SourceLocation): string {
  return `${file}:${line}:${column}`;
}
