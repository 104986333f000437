import { readServiceConfig } from '../config/service-config.js';
import { readCrmConfig } from '../crm/crm-config.js';
import { type Fault, formatFault, hasErrors, sortFaults } from '../files/fault.js';
import { loadRules } from '../rules/load-rules.js';
import { EnricherError } from '../shared/errors.js';

export interface CheckOptions {
  readonly rules?: string;
  readonly crm?: string;
  readonly format: 'text' | 'json';
}

/** Checks the environment, the CRM configuration and the rules; prints everything that is wrong. 0 fine, 1 errors. */
export async function check(options: CheckOptions, env: NodeJS.ProcessEnv, out: NodeJS.WritableStream): Promise<0 | 1> {
  const { rulesDir, crmConfigFile, environmentFault } = readSettings(options, env);
  const crm = await readCrmConfig(crmConfigFile, env);
  const rules = await loadRules(rulesDir, { customerFields: crm.ok ? crm.config.customerFields : null });
  const faults = sortFaults([...(crm.ok ? crm.warnings : crm.faults), ...(rules.ok ? rules.warnings : rules.faults)]);
  const isFine = environmentFault === null && !hasErrors(faults);
  const revision = rules.ok ? rules.ruleSet.revision : null;
  if (options.format === 'json') {
    out.write(`${JSON.stringify({ ok: isFine, revision, environment: environmentFault, faults }, null, 2)}\n`);
    return isFine ? 0 : 1;
  }
  if (environmentFault !== null) out.write(`${environmentFault}\n`);
  for (const fault of faults) out.write(`${formatFault(fault)}\n`);
  const rulesSummary = rules.ok
    ? `${rules.ruleSet.rules.length} rules in ${rules.ruleSet.files.length} files, revision ${revision}`
    : 'the rules are not usable';
  out.write(`${summarise(faults)}; ${rulesSummary}\n`);
  return isFine ? 0 : 1;
}

function readSettings(options: CheckOptions, env: NodeJS.ProcessEnv) {
  const withOptions = {
    ...env,
    RULES_DIR: options.rules ?? env['RULES_DIR'],
    CRM_CONFIG: options.crm ?? env['CRM_CONFIG'],
  };
  try {
    return { ...readServiceConfig(withOptions), environmentFault: null };
  } catch (error) {
    if (!(error instanceof EnricherError)) throw error;
    const fallback = readServiceConfig({ RULES_DIR: withOptions.RULES_DIR, CRM_CONFIG: withOptions.CRM_CONFIG });
    return { ...fallback, environmentFault: error.message };
  }
}

function summarise(faults: readonly Fault[]): string {
  const errors = faults.filter(({ severity }) => severity === 'error').length;
  const warnings = faults.length - errors;
  return `${errors} error${errors === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}`;
}
