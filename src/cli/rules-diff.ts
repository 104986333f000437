import { readServiceConfig } from '../config/service-config.js';
import { diffRules, type RulesDifference } from '../rules/rules-diff.js';
import { EnricherError } from '../shared/errors.js';
import { KyselyRuleSets } from '../store/kysely-rule-sets.js';
import { requireRules } from './require-rules.js';
import { withStore } from './with-store.js';

export interface RulesDiffOptions {
  readonly rules?: string;
  readonly format: 'text' | 'json';
}

/**
 * Compares the rules folder with the set that runs (the last one accepted). 0 when nothing would change, 1 when something would.
 *
 * @throws EnricherError when the folder has faults, or nothing is known of the set that runs
 */
export async function rulesDiff(
  options: RulesDiffOptions,
  env: NodeJS.ProcessEnv,
  out: NodeJS.WritableStream,
): Promise<0 | 1> {
  const { rulesDir, databaseUrl, decisions } = readServiceConfig({
    ...env,
    RULES_DIR: options.rules ?? env['RULES_DIR'],
  });
  const { files } = await requireRules(rulesDir);
  const running = await withStore(databaseUrl, ({ ask }) =>
    ask((store) => new KyselyRuleSets(store, decisions.days).load(rulesDir)),
  );
  if (running === null)
    throw new EnricherError(
      'INPUT_INVALID',
      'No accepted rules are kept in the database (DATABASE_URL); start the service once',
    );
  const differences = diffRules(running.files, files);
  if (options.format === 'json') out.write(`${JSON.stringify({ running: running.revision, differences }, null, 2)}\n`);
  else out.write(toText(running.revision, rulesDir, differences));
  return differences.length === 0 ? 0 : 1;
}

const SIGNS = { added: '+', removed: '-', changed: '~' } as const;

function toText(revision: string, folder: string, differences: readonly RulesDifference[]): string {
  const head = `running: revision ${revision}; new: ${folder}\n`;
  if (differences.length === 0) return `${head}no difference\n`;
  const lines = differences.map(({ what, name, change, keys }) => {
    if (what === 'order') return `  ~ order of rules, from "${name}" on`;
    return `  ${SIGNS[change]} ${what} "${name}"${keys.length > 0 ? `: ${keys.join(', ')}` : ''}`;
  });
  return `${head}${lines.join('\n')}\n`;
}
