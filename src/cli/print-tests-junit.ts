import { formatFault } from '../files/fault.js';
import { summarise } from '../rule-tests/run-rule-tests.js';
import { escapeXml } from './escape-xml.js';
import { describeFailure } from './print-tests.js';
import type { ReportedTest, TestReport } from './test-report.js';

/** The report as JUnit XML, a suite a file; a fault in a file is an error of its suite. The format has no place for coverage. */
export function toJUnit({ tests, faults }: TestReport): string {
  const byFile = new Map<string, string[]>();
  const add = (file: string, testcase: string) => byFile.set(file, [...(byFile.get(file) ?? []), testcase]);
  for (const test of tests) add(test.test.location.file, toTestcase(test));
  for (const fault of faults.filter(({ severity }) => severity === 'error')) {
    const body = `<error message="${escapeXml(fault.message)}">${escapeXml(formatFault(fault))}</error>`;
    add(fault.file, `    <testcase classname="${escapeXml(fault.file)}" name="line ${fault.line}">${body}</testcase>`);
  }
  const suites = [...byFile].map(([file, testcases]) => {
    const number = (element: string) => testcases.filter((testcase) => testcase.includes(`<${element} `)).length;
    const counts = `tests="${testcases.length}" failures="${number('failure')}" errors="${number('error')}"`;
    return `  <testsuite name="${escapeXml(file)}" ${counts}>\n${testcases.join('\n')}\n  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('')}</testsuites>\n`;
}

function toTestcase(test: ReportedTest): string {
  const { name, location } = test.test;
  const head = `    <testcase classname="${escapeXml(location.file)}" name="${escapeXml(name)}" file="${escapeXml(location.file)}" line="${location.line}"`;
  if (test.mismatch === null) return `${head}/>`;
  const body = escapeXml(describeFailure(test).join('\n'));
  return `${head}><failure message="${escapeXml(summarise(test.mismatch))}">${body}</failure></testcase>`;
}
