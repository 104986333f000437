import { relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Fault, formatFault } from '../files/fault.js';
import { LINT_CODES } from '../rule-lint/lint-codes.js';
import { escapeXml } from './escape-xml.js';

/** What was checked, and what is wrong with it. */
export interface CheckReport {
  readonly isFine: boolean;
  /** Whether warnings count as errors. */
  readonly isStrict: boolean;
  /** Null when the rules are not usable. */
  readonly rules: { readonly revision: string; readonly rules: number; readonly files: number } | null;
  /** What is wrong with the environment; null when nothing is. */
  readonly environment: string | null;
  readonly faults: readonly Fault[];
  /** All that were checked, also those without a fault. */
  readonly files: readonly string[];
}

export const CHECK_PRINTERS = { text: toText, json: toJson, sarif: toSarif, junit: toJUnit } as const;

export type CheckFormat = keyof typeof CHECK_PRINTERS;

const OTHER_CODES = {
  invalid: 'What is written is not valid, so the file cannot be used',
  warning: 'What is written has no effect, or another than it seems',
};

function codeOf({ code, severity }: Fault): string {
  return code ?? (severity === 'error' ? 'invalid' : 'warning');
}

function toText({ rules, environment, faults, isStrict }: CheckReport): string {
  const lines = [...(environment === null ? [] : [environment]), ...faults.map(formatFault)];
  const counted = isStrict && faults.some(({ severity }) => severity === 'warning') ? ' (which count as errors)' : '';
  const summary =
    rules === null
      ? 'the rules are not usable'
      : `${rules.rules} rules in ${rules.files} files, revision ${rules.revision}`;
  return `${[...lines, `${summarise(faults)}${counted}; ${summary}`].join('\n')}\n`;
}

function toJson({ isFine, rules, environment, faults }: CheckReport): string {
  const withCodes = faults.map((fault) => ({ ...fault, code: codeOf(fault) }));
  const body = { ok: isFine, revision: rules?.revision ?? null, environment, faults: withCodes };
  return `${JSON.stringify(body, null, 2)}\n`;
}

/** @source SARIF 2.1.0, OASIS standard */
function toSarif({ environment, faults }: CheckReport): string {
  const descriptions = Object.entries<string>({ ...OTHER_CODES, ...LINT_CODES });
  const codes = descriptions.map(([code]) => code);
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'enricher',
            rules: descriptions.map(([id, text]) => ({
              id,
              shortDescription: { text },
              defaultConfiguration: { level: id === 'invalid' ? 'error' : 'warning' },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: true,
            // The environment stands in no file.
            ...(environment === null
              ? {}
              : { toolConfigurationNotifications: [{ level: 'error', message: { text: environment } }] }),
          },
        ],
        results: faults.map((fault) => ({
          ruleId: codeOf(fault),
          ruleIndex: codes.indexOf(codeOf(fault)),
          level: fault.severity,
          message: { text: fault.message },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: toUri(fault.file) },
                region: { startLine: fault.line, startColumn: fault.column },
              },
            },
          ],
        })),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

/** Relative to the working folder where the file is in it, since that is how a file is named on every machine. */
function toUri(file: string): string {
  const path = relative('.', file);
  const isOutside = path.startsWith('..') || resolve(path) === path;
  return isOutside ? pathToFileURL(file).href : path.split(sep).map(encodeURIComponent).join('/');
}

/** A test case a file: it fails by errors, and by warnings too when those count. */
function toJUnit({ environment, faults, files, isStrict }: CheckReport): string {
  const byFile = Map.groupBy(faults, ({ file }) => file);
  const names = new Set([...files, ...byFile.keys()]);
  const cases = [...names].map((file) => {
    const ofFile = byFile.get(file) ?? [];
    const failures = ofFile.filter(({ severity }) => isStrict || severity === 'error');
    const [first, ...others] = failures;
    const text = failures.map(formatFault).join('\n');
    return testcase(file, [
      first === undefined
        ? ''
        : failure(codeOf(first), others.length === 0 ? first.message : summarise(failures), text),
      systemOut(ofFile.filter((fault) => !failures.includes(fault))),
    ]);
  });
  if (environment !== null) {
    const [message = ''] = environment.split('\n');
    cases.push(testcase('environment', [failure('invalid', message, environment)]));
  }
  const failed = cases.filter((text) => text.includes('<failure ')).length;
  const counts = `tests="${cases.length}" failures="${failed}"`;
  const suite = `  <testsuite name="enricher check" ${counts} errors="0" skipped="0">\n${cases.join('')}  </testsuite>\n`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${counts}>\n${suite}</testsuites>\n`;
}

function testcase(name: string, elements: readonly string[]): string {
  const head = `    <testcase classname="enricher check" name="${escapeXml(name)}"`;
  const body = elements.join('');
  return body === '' ? `${head}/>\n` : `${head}>\n${body}    </testcase>\n`;
}

function failure(code: string, message: string, text: string): string {
  return `      <failure type="${code}" message="${escapeXml(message)}">${escapeXml(text)}</failure>\n`;
}

function systemOut(notes: readonly Fault[]): string {
  return notes.length === 0 ? '' : `      <system-out>${escapeXml(notes.map(formatFault).join('\n'))}</system-out>\n`;
}

function summarise(faults: readonly Fault[]): string {
  const errors = faults.filter(({ severity }) => severity === 'error').length;
  const warnings = faults.length - errors;
  return `${errors} error${errors === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}`;
}
