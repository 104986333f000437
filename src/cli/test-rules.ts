import { readServiceConfig } from '../config/service-config.js';
import { formatFault, hasErrors } from '../files/fault.js';
import { FileWatcher, fingerprintOf } from '../files/file-watcher.js';
import { isOfRules } from '../rules/rules-folder.js';
import { EnricherError } from '../shared/errors.js';
import { toJUnit } from './print-tests-junit.js';
import { toJson, toText } from './print-tests.js';
import { reportTests, type TestReport } from './test-report.js';

export interface TestRulesOptions {
  readonly rules?: string;
  readonly coverage?: boolean;
  readonly watch?: boolean;
  readonly format: 'text' | 'json' | 'junit';
}

const PRINTERS: Readonly<Record<TestRulesOptions['format'], (report: TestReport) => string>> = {
  text: toText,
  json: toJson,
  junit: toJUnit,
};

/**
 * Runs the tests of the rules and prints how they ended; with `watch` again after every change, until interrupted.
 *
 * @returns 0, or 1 when a test failed or has a fault; 3 when watching ended with rules that could not be used
 * @throws EnricherError when the rules cannot be used, unless watching
 */
export async function testRules(
  options: TestRulesOptions,
  env: NodeJS.ProcessEnv,
  out: NodeJS.WritableStream,
): Promise<0 | 1 | 3> {
  // The rest of the environment has no say in what rules do.
  const { rulesDir } = readServiceConfig({ RULES_DIR: options.rules ?? env['RULES_DIR'] });
  const runOnce = async (): Promise<0 | 1> => {
    const read = await reportTests(rulesDir, options.coverage ?? false);
    if (!read.ok) {
      const list = read.faults.map(formatFault).join('\n');
      throw new EnricherError('RULES_INVALID', `The rules in ${rulesDir} cannot be tested:\n${list}`);
    }
    out.write(PRINTERS[options.format](read.report));
    return hasErrors(read.report.faults) || read.report.tests.some(({ mismatch }) => mismatch !== null) ? 1 : 0;
  };
  return options.watch === true ? watchFolder(rulesDir, runOnce, out) : runOnce();
}

async function watchFolder(
  folder: string,
  runOnce: () => Promise<0 | 1>,
  out: NodeJS.WritableStream,
): Promise<0 | 1 | 3> {
  let code: 0 | 1 | 3 = 0;
  const run = async () => {
    try {
      code = await runOnce();
    } catch (error) {
      if (!(error instanceof EnricherError)) throw error;
      out.write(`${error.message}\n`);
      code = 3;
    }
  };
  const fingerprint = await fingerprintOf(folder, isOfRules);
  const watcher = new FileWatcher(folder, run);
  const interrupted = interruption(out);
  await run();
  watcher.start(fingerprint);
  await interrupted;
  watcher.close();
  return code;
}

/** Resolves when the process is asked to end, or nobody reads any more. */
async function interruption(out: NodeJS.WritableStream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // Neither the watcher nor a handler of signals keeps the process alive.
  const alive = setInterval(() => undefined, 1 << 30);
  process.once('SIGINT', resolve).once('SIGTERM', resolve);
  out.once('error', resolve);
  await promise;
  clearInterval(alive);
}
