#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';

const MINIMUM_NODE = 24;
/** @source design of the command line: 0 ok, 1 findings, 2 usage, 3 cannot run */
const EXIT = { usage: 2, cannotRun: 3 } as const;

if (Number(process.versions.node.split('.')[0]) < MINIMUM_NODE) {
  process.stderr.write(
    `enricher needs Node ${MINIMUM_NODE}, this is ${process.version}. "npx enricher" and "npm start" bring their own.\n`,
  );
  process.exit(EXIT.cannotRun);
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const format = new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text');

const program = new Command('enricher')
  .description('Answers Emailgistics webhooks with actions that JSON rules decide over message, sender and customer')
  .version(version)
  .showHelpAfterError('(enricher --help lists the commands)')
  .exitOverride();

program
  .command('start')
  .description('run the service; configured by environment variables or .env')
  .action(async () => {
    const { startService } = await import('./main.js');
    await startService(process.env);
  });

program
  .command('check')
  .description(
    'check rules and configuration: prints every fault with file:line:column; exit code 1 when there is an error',
  )
  .option('--rules <folder>', 'rules folder (default: RULES_DIR)')
  .option('--crm <file>', 'CRM configuration (default: CRM_CONFIG)')
  .addOption(format)
  .action(async (options: { rules?: string; crm?: string; format: 'text' | 'json' }) => {
    const { check } = await import('./cli/check.js');
    process.exitCode = await check(options, process.env, process.stdout);
  });

program
  .command('simulate')
  .description('decide one message without sending anything: prints the envelope and the verdict of every rule')
  .requiredOption('--message <file>', 'a delivery as Emailgistics sends it ("-" reads standard input)')
  .option('--customer <file>', 'the CRM record as rules see it, or null; without it the configured CRM is asked')
  .option('--now <time>', 'evaluate as if it were this time (ISO 8601)')
  .option('--rules <folder>', 'rules folder (default: RULES_DIR)')
  .addOption(format)
  .action(
    async (options: { message: string; customer?: string; now?: string; rules?: string; format: 'text' | 'json' }) => {
      const { simulate } = await import('./cli/simulate.js');
      process.exitCode = await simulate(options, process.env, process.stdout);
    },
  );

program
  .command('schema')
  .description('print the JSON Schema of rule files, for editors')
  .action(async () => {
    const { rulesSchema } = await import('./rules/rules-schema.js');
    process.stdout.write(`${JSON.stringify(rulesSchema(), null, 2)}\n`);
  });

const rules = program.command('rules').description('about the rule files');

rules
  .command('diff')
  .description('what the rules folder would change against the set that runs; exit code 1 when something')
  .option('--rules <folder>', 'rules folder (default: RULES_DIR)')
  .addOption(format)
  .action(async (options: { rules?: string; format: 'text' | 'json' }) => {
    const { rulesDiff } = await import('./cli/rules-diff.js');
    process.exitCode = await rulesDiff(options, process.env, process.stdout);
  });

program
  .command('healthcheck')
  .description('exit code 0 when the service on HOST and PORT is ready, else 1')
  .option('--url <url>', 'ask this address instead')
  .action(async ({ url }: { url?: string }) => {
    const { healthcheck } = await import('./cli/healthcheck.js');
    process.exitCode = await healthcheck(url, process.env, process.stdout);
  });

try {
  loadEnvFile();
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
  if (process.exitCode === EXIT.cannotRun) process.stderr.write(`${describeError(error)}\n`);
}

function loadEnvFile(): void {
  try {
    process.loadEnvFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Commander throws for usage errors, and for --help and --version too, which are none. */
function exitCodeOf(error: unknown): number {
  const { code, exitCode } = error as { code?: string; exitCode?: number };
  if (typeof code !== 'string' || !code.startsWith('commander.')) return EXIT.cannotRun;
  return exitCode === 0 ? 0 : EXIT.usage;
}

function describeError(error: unknown): string {
  const isOnPurpose = error instanceof Error && error.name === 'EnricherError';
  return isOnPurpose ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
}
