#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { CheckOptions } from './cli/check.js';
import type { CrmCheckOptions } from './cli/crm-check.js';
import type { CrmLookupOptions } from './cli/crm-lookup.js';
import type { CrmPrefetchOptions } from './cli/crm-prefetch.js';
import type { ListDecisionsOptions } from './cli/decisions.js';
import { outliveOutput } from './cli/outlive-output.js';
import type { PullMailboxesOptions } from './cli/pull-mailboxes.js';
import type { ReplayOptions } from './cli/replay.js';
import type { TestRulesOptions } from './cli/test-rules.js';
import { OUTCOMES } from './enrichment/enrichment.js';

const MINIMUM_NODE = 24;
/** @source design of the command line: 0 ok, 1 findings, 2 usage, 3 cannot run */
const EXIT = { usage: 2, cannotRun: 3 } as const;

if (Number(process.versions.node.split('.')[0]) < MINIMUM_NODE) {
  process.stderr.write(
    `enricher needs Node ${MINIMUM_NODE}, this is ${process.version}. "npx enricher" and "npm start" bring their own.\n`,
  );
  process.exit(EXIT.cannotRun);
}

outliveOutput(EXIT.cannotRun);

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
    try {
      await startService(process.env);
    } catch (error) {
      const { explainFailedStart } = await import('./cli/explain-failed-start.js');
      throw await explainFailedStart(error, process.env);
    }
  });

program
  .command('check')
  .description(
    'check rules and configuration: prints every fault with file:line:column; exit code 1 when there is an error',
  )
  .option('--rules <folder>', 'rules folder (default: RULES_DIR)')
  .option('--crm <file>', 'CRM configuration (default: CRM_CONFIG)')
  .option('--mailboxes <file>', 'mailbox catalogue (default: MAILBOXES_CONFIG)')
  .option('--strict', 'count warnings as errors')
  .option('--offline', 'do not ask the CRM providers whether they would answer')
  .addOption(
    new Option('--format <format>', 'how to print').choices(['text', 'json', 'sarif', 'junit']).default('text'),
  )
  .action(async (options: CheckOptions) => {
    const { check } = await import('./cli/check.js');
    process.exitCode = await check(options, process.env, process.stdout);
  });

program
  .command('test')
  .description('run the tests of the rules (*.test.json): prints each that fails, and why; exit code 1 when one does')
  .option('--rules <folder>', 'rules folder (default: RULES_DIR)')
  .option('--coverage', 'say which conditions no test has seen both true and false')
  .option('--watch', 'run again after every change, until interrupted')
  .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json', 'junit']).default('text'))
  .action(async (options: TestRulesOptions) => {
    const { testRules } = await import('./cli/test-rules.js');
    process.exitCode = await testRules(options, process.env, process.stdout);
  });

program
  .command('simulate')
  .description('decide one message without sending anything: prints the envelope and the verdict of every rule')
  .requiredOption('--message <file>', 'a delivery as Emailgistics sends it ("-" reads standard input)')
  .option('--customer <file>', 'the CRM record as rules see it, or null; without it the configured CRM is asked')
  .option('--now <time>', 'evaluate as if it were this time (ISO 8601)')
  .option('--full', 'print every condition with what it read, as json-rules-engine evaluates it')
  .option('--rules <folder>', 'rules folder (default: RULES_DIR)')
  .addOption(format)
  .action(
    async (
      options: {
        message: string;
        customer?: string;
        now?: string;
        rules?: string;
        full?: boolean;
        format: 'text' | 'json';
      },
      command: Command,
    ) => {
      const { simulate } = await import('./cli/simulate.js');
      process.exitCode = await simulate(options, process.env, process.stdout, (message) => command.error(message));
    },
  );

program
  .command('replay')
  .description(
    'decide recorded messages again under the rules of a folder: prints what would change; exit code 1 when something',
  )
  .option('--rules <folder>', 'rules folder (default: RULES_DIR)')
  .option('--since <time>', 'ISO 8601, or so long ago: 30m, 12h, 7d', '7d')
  .option('--until <time>', 'likewise (default: now)')
  .option('--mailbox <address>', 'only messages to this mailbox')
  .option('--limit <count>', 'at most so many messages, the oldest first')
  .addOption(format)
  .action(async (options: ReplayOptions, command: Command) => {
    const { replay } = await import('./cli/replay.js');
    const output = { out: process.stdout, err: process.stderr };
    process.exitCode = await replay(options, process.env, output, (message) => command.error(message));
  });

const decisions = program.command('decisions').description('about what was decided');

decisions
  .command('list')
  .description('the decisions that are kept, the newest first')
  .option('--sender <address>', 'only on messages from this address')
  .option('--mailbox <address>', 'only on messages to this mailbox')
  .option('--rule <name>', 'only those where this rule matched')
  .addOption(new Option('--outcome <outcome>', 'only with this outcome').choices([...OUTCOMES]))
  .option('--since <time>', 'ISO 8601, or so long ago: 30m, 12h, 7d')
  .option('--until <time>', 'likewise')
  .option('--limit <count>', 'at most so many', '20')
  .addOption(format)
  .action(async (options: ListDecisionsOptions, command: Command) => {
    const { listDecisions } = await import('./cli/decisions.js');
    const refuse = (message: string) => command.error(message);
    process.exitCode = await listDecisions(options, process.env, process.stdout, refuse);
  });

decisions
  .command('show')
  .description('all that is kept of a decision, as JSON')
  .argument('<id>')
  .action(async (id: string) => {
    const { showDecision } = await import('./cli/decisions.js');
    process.exitCode = await showDecision(id, process.env, process.stdout);
  });

decisions
  .command('erase')
  .description('erase the decisions on messages of a sender, and what was last known of this customer')
  .requiredOption('--sender <address>', 'whose')
  .action(async (options: { sender: string }, command: Command) => {
    const { eraseDecisions } = await import('./cli/decisions.js');
    const refuse = (message: string) => command.error(message);
    process.exitCode = await eraseDecisions(options, process.env, process.stdout, refuse);
  });

program
  .command('mailboxes')
  .description('the catalogue of what each mailbox has')
  .command('pull')
  .description('bring tags, users and time zones up to date with Emailgistics; all else in the file stays')
  .option('--url <url>', "the region's address, https://… (default: EMAILGISTICS_API_URL)")
  .option('--key-file <file>', 'a file with the API key (default: EMAILGISTICS_API_KEY or EMAILGISTICS_API_KEY_FILE)')
  .option('--out <file>', 'the catalogue (default: MAILBOXES_CONFIG)')
  .option('--dry-run', 'print what would change, and write nothing')
  .action(async (options: PullMailboxesOptions, command: Command) => {
    const { pull } = await import('./cli/pull-mailboxes.js');
    process.exitCode = await pull(options, process.env, process.stdout, (message) => command.error(message));
  });

program
  .command('schema')
  .description('write the JSON Schemas of rules, tests, CRM configuration and mailboxes beside them, for editors')
  .option('--check', 'write nothing; exit code 1 when one is not up to date')
  .action(async (options: { check?: boolean }) => {
    const { schema } = await import('./cli/schema.js');
    process.exitCode = await schema(options, process.env, process.stdout);
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

const crm = program.command('crm').description('about the customer databases');
const crmFile = new Option('--crm <file>', 'CRM configuration (default: CRM_CONFIG)');

crm
  .command('check')
  .description('ask each provider whether it would answer, and compare its fields with those that rules read')
  .addOption(crmFile)
  .option('--rules <folder>', 'rules folder (default: RULES_DIR)')
  .addOption(format)
  .action(async (options: CrmCheckOptions) => {
    const { crmCheck } = await import('./cli/crm-check.js');
    process.exitCode = await crmCheck(options, process.env, process.stdout);
  });

crm
  .command('lookup')
  .description('look an address up as the service would: the record, who gave it, how long it took and how old it is')
  .argument('<address>')
  .addOption(crmFile)
  .addOption(format)
  .action(async (address: string, options: CrmLookupOptions, command: Command) => {
    const { crmLookup } = await import('./cli/crm-lookup.js');
    const refuse = (message: string) => command.error(message);
    process.exitCode = await crmLookup(address, options, process.env, process.stdout, refuse);
  });

crm
  .command('prefetch')
  .description('fetch the customers that changed, for when a provider does not answer; Ctrl-C keeps the place')
  .option('--provider <name>', 'only this one (default: all that can list their customers)')
  .option('--full', 'fetch everybody, from the beginning')
  .addOption(crmFile)
  .action(async (options: CrmPrefetchOptions, command: Command) => {
    const { crmPrefetch } = await import('./cli/crm-prefetch.js');
    const { signal } = stopOnSignal();
    const output = { out: process.stdout, err: process.stderr };
    const refuse = (message: string) => command.error(message);
    process.exitCode = await crmPrefetch(options, process.env, output, signal, refuse);
  });

program
  .command('address-hash')
  .description('print what stands for an address in the logs of the service')
  .argument('<address>')
  .action(async (address: string, _: object, command: Command) => {
    const { printAddressHash } = await import('./cli/address-hash.js');
    process.exitCode = printAddressHash(address, process.env, process.stdout, (message) => command.error(message));
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

/** The first signal asks to stop, a second one ends the process. */
function stopOnSignal(): AbortController {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  return stopping;
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
