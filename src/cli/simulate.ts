import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { readServiceConfig, type ServiceConfig } from '../config/service-config.js';
import { requireCrmConfig } from '../crm/crm-config.js';
import { createLookups } from '../crm/create-lookups.js';
import { DEFAULT_LOOKUP_OPTIONS } from '../crm/lookup-options.js';
import { EnrichmentService } from '../enrichment/enrichment.service.js';
import { Intake } from '../enrichment/intake.js';
import type { CustomerRecord } from '../facts/facts.js';
import { requireMailboxes } from '../mailboxes/mailboxes.service.js';
import { explain } from '../rules/decide.js';
import { RulesService } from '../rules/rules.service.js';
import { EnricherError } from '../shared/errors.js';
import { parseDelivery } from '../webhook/parse-delivery.js';
import { GivenCustomerProvider } from './given-customer.provider.js';
import { printConditions } from './print-conditions.js';
import { toJson, toText } from './print-enrichment.js';
import type { Refuse } from './refuse.js';

export interface SimulateOptions {
  readonly message: string;
  readonly customer?: string;
  readonly now?: string;
  readonly rules?: string;
  readonly format: 'text' | 'json';
  /** With text: prints every condition too, with what it read. */
  readonly full?: boolean;
}

/**
 * Decides one message as the service would, with the same code, and prints the envelope and each rule's verdict.
 *
 * @param refuse ends the command as wrongly used
 * @returns 0, or 1 when the message is one that the service would refuse
 * @throws EnricherError when a file cannot be read or the rules have faults
 */
export async function simulate(
  options: SimulateOptions,
  env: NodeJS.ProcessEnv,
  out: NodeJS.WritableStream,
  refuse: Refuse,
): Promise<0 | 1> {
  const now = readNow(options.now, refuse);
  const config = readServiceConfig({ ...env, RULES_DIR: options.rules ?? env['RULES_DIR'] });
  const parsed = parseDelivery(await readJson(options.message));
  if (!parsed.ok) {
    for (const { field, message } of parsed.violations) out.write(`${options.message}: ${field} ${message}\n`);
    return 1;
  }
  const { mailboxesConfigFile: path, isMailboxesConfigRequired: isRequired } = config;
  const mailboxes = { current: await requireMailboxes({ path, isRequired }) };
  const { lookups, customerFields, onUnavailable } = await chooseLookups(options.customer, config, env);
  const rules = await RulesService.start({ folder: config.rulesDir, customerFields, lastGood: null });
  try {
    const alwaysLookUp = options.full === true || options.customer !== undefined;
    const settings = { answerDeadlineMs: config.answerDeadlineMs, onUnavailable, alwaysLookUp };
    const enrichment = await new EnrichmentService(rules, lookups, mailboxes, new Intake(), settings, () => now).enrich(
      parsed.delivery,
    );
    const explanations = enrichment.trace === null ? [] : explain(rules.current, enrichment.trace.facts);
    out.write(options.format === 'json' ? toJson(enrichment, explanations) : toText(enrichment, explanations));
    if (options.full === true && options.format === 'text' && enrichment.trace !== null)
      out.write(await printConditions(rules.current, enrichment.trace.facts));
    return 0;
  } finally {
    await rules.close();
    await lookups.close();
  }
}

/** Looks up in the configured CRM, or finds the given customer whoever is asked for. */
async function chooseLookups(customerFile: string | undefined, config: ServiceConfig, env: NodeJS.ProcessEnv) {
  if (customerFile !== undefined) {
    const given = new GivenCustomerProvider(await readCustomer(customerFile));
    const source = { identity: given.name, protection: DEFAULT_LOOKUP_OPTIONS.protection, create: () => given };
    return {
      lookups: createLookups({ providers: [source], lookup: DEFAULT_LOOKUP_OPTIONS }),
      customerFields: null,
      onUnavailable: DEFAULT_LOOKUP_OPTIONS.onUnavailable,
    };
  }
  const crm = await requireCrmConfig(config.crmConfigFile, env);
  return {
    lookups: createLookups(crm),
    customerFields: crm.customerFields,
    onUnavailable: crm.lookup.onUnavailable,
  };
}

async function readCustomer(file: string): Promise<CustomerRecord | null> {
  const value = await readJson(file);
  if (value === null || (typeof value === 'object' && !Array.isArray(value))) return value as CustomerRecord | null;
  throw new EnricherError('INPUT_INVALID', `${file}: a customer is a JSON object, or null for none`);
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')) as unknown;
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'it is not valid JSON' : (error as NodeJS.ErrnoException).code;
    throw new EnricherError('INPUT_INVALID', `Cannot use ${file}: ${reason}`, { cause: error });
  }
}

function readNow(written: string | undefined, refuse: Refuse): Date {
  const now = written === undefined ? new Date() : new Date(written);
  if (Number.isNaN(now.getTime())) refuse(`error: --now "${written}" is not a time such as 2026-11-24T09:00:00Z`);
  return now;
}
