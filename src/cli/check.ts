import { normalize } from 'node:path';
import { readServiceConfig } from '../config/service-config.js';
import { readCrmConfig } from '../crm/crm-config.js';
import { hasErrors, sortFaults } from '../files/fault.js';
import { readMailboxes } from '../mailboxes/read-mailboxes.js';
import { lintRules } from '../rule-lint/lint-rules.js';
import { loadTestedRules } from '../rule-tests/load-tested-rules.js';
import { EnricherError } from '../shared/errors.js';
import { checkProviders } from './check-providers.js';
import { CHECK_PRINTERS, type CheckFormat, type CheckReport } from './print-faults.js';

export interface CheckOptions {
  readonly rules?: string;
  readonly crm?: string;
  readonly mailboxes?: string;
  readonly format: CheckFormat;
  /** Warnings count as errors. */
  readonly strict?: boolean;
  /** Asks no CRM provider whether it would answer. */
  readonly offline?: boolean;
}

/** Checks the environment, the CRM configuration, the mailbox catalogue and the rules; prints everything that is wrong. 0 fine, 1 errors. */
export async function check(options: CheckOptions, env: NodeJS.ProcessEnv, out: NodeJS.WritableStream): Promise<0 | 1> {
  const { environmentFault, ...settings } = readSettings(options, env);
  const { rulesDir, mailboxesConfigFile: path, isMailboxesConfigRequired: isRequired } = settings;
  const crm = await readCrmConfig(settings.crmConfigFile, env);
  const mailboxes = await readMailboxes({ path, isRequired });
  const known = mailboxes.ok ? mailboxes.catalogue.mailboxes : [];
  const rules = await loadTestedRules(rulesDir, { customerFields: crm.ok ? crm.config.customerFields : null });
  const faults = sortFaults([
    ...(crm.ok ? crm.warnings : crm.faults),
    ...(crm.ok && options.offline !== true ? await checkProviders(crm.config) : []),
    ...(mailboxes.ok ? [] : mailboxes.faults),
    ...(rules.ok ? [...rules.warnings, ...lintRules(rules, known)] : rules.faults),
  ]);
  const isStrict = options.strict === true;
  const isFine = environmentFault === null && !(isStrict ? faults.length > 0 : hasErrors(faults));
  const { ruleSet, files } = rules.ok ? rules : { ruleSet: null, files: [] };
  const report: CheckReport = {
    isFine,
    isStrict,
    rules: ruleSet && { revision: ruleSet.revision, rules: ruleSet.rules.length, files: ruleSet.files.length },
    environment: environmentFault,
    faults,
    files: [
      normalize(settings.crmConfigFile),
      ...(known.length === 0 ? [] : [normalize(path)]),
      ...files.map(({ file }) => file),
    ],
  };
  out.write(CHECK_PRINTERS[options.format](report));
  return isFine ? 0 : 1;
}

function readSettings(options: CheckOptions, env: NodeJS.ProcessEnv) {
  const withOptions = {
    ...env,
    RULES_DIR: options.rules ?? env['RULES_DIR'],
    CRM_CONFIG: options.crm ?? env['CRM_CONFIG'],
    MAILBOXES_CONFIG: options.mailboxes ?? env['MAILBOXES_CONFIG'],
  };
  try {
    return { ...readServiceConfig(withOptions), environmentFault: null };
  } catch (error) {
    if (!(error instanceof EnricherError)) throw error;
    const { RULES_DIR, CRM_CONFIG, MAILBOXES_CONFIG } = withOptions;
    const fallback = readServiceConfig({ RULES_DIR, CRM_CONFIG, MAILBOXES_CONFIG });
    return { ...fallback, environmentFault: error.message };
  }
}
