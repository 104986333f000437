import { readServiceConfig } from '../config/service-config.js';
import { type CrmConfig, requireCrmConfig } from '../crm/crm-config.js';
import { createLookups } from '../crm/create-lookups.js';
import type { LookupService } from '../crm/lookup.service.js';
import { loadTestedRules } from '../rule-tests/load-tested-rules.js';
import { customerFieldsRead } from '../rules/customer-fields-read.js';
import { CRM_CHECK_PRINTERS, type CrmCheckReport, type ProviderReport } from './print-crm-check.js';

export interface CrmCheckOptions {
  readonly crm?: string;
  readonly rules?: string;
  readonly format: 'text' | 'json';
}

/** For all of them, in milliseconds. */
const CHECK_MS = 60_000;

/**
 * Asks each provider whether look-ups would work, and compares the fields that are mapped with those that rules read.
 *
 * @returns 1 when a provider would not answer, when a field that rules read comes from none, or when the rules cannot be read
 */
export async function crmCheck(
  options: CrmCheckOptions,
  env: NodeJS.ProcessEnv,
  out: NodeJS.WritableStream,
): Promise<0 | 1> {
  const { crm: CRM_CONFIG = env['CRM_CONFIG'], rules: RULES_DIR = env['RULES_DIR'] } = options;
  const config = readServiceConfig({ ...env, CRM_CONFIG, RULES_DIR });
  const crm = await requireCrmConfig(config.crmConfigFile, env);
  const rules = await loadTestedRules(config.rulesDir, { customerFields: crm.customerFields });
  const read = rules.ok ? customerFieldsRead(rules.ruleSet) : null;
  const lookups = createLookups(crm);
  try {
    const signal = AbortSignal.timeout(CHECK_MS);
    const providers = await Promise.all(crm.providers.map((each) => checkProvider(each, lookups, read, signal)));
    const { customerFields: mapped } = crm;
    const unmapped = mapped === null ? [] : (read ?? []).filter((field) => !mapped.includes(field));
    const areAllWell = providers.every(({ state }) => state === 'ok' || state === 'outdated');
    const report: CrmCheckReport = {
      ok: rules.ok && areAllWell && unmapped.length === 0,
      providers,
      unmapped,
      areRulesUsable: rules.ok,
      isWholeRecordRead: rules.ok && read === null,
    };
    out.write(CRM_CHECK_PRINTERS[options.format](report));
    return report.ok ? 0 : 1;
  } finally {
    await lookups.close();
  }
}

/** @param read the fields that rules read; null when that is not known, or all */
async function checkProvider(
  { name, type, fields }: CrmConfig['providers'][number],
  lookups: LookupService,
  read: readonly string[] | null,
  signal: AbortSignal,
): Promise<ProviderReport> {
  const startedAt = performance.now();
  // How it ended is in the status.
  await lookups
    .source(name)
    ?.check(signal)
    .catch(() => undefined);
  const milliseconds = performance.now() - startedAt;
  const { state = 'ok', message = null } = lookups.statuses.find((status) => status.name === name) ?? {};
  const mapped = fields && Object.keys(fields);
  return {
    name,
    type,
    state,
    message,
    milliseconds,
    mapped,
    missing: mapped && (read ?? []).filter((field) => !mapped.includes(field)),
    unread: read && mapped && mapped.filter((field) => !read.includes(field)),
  };
}
