import { formatFault } from '../files/fault.js';
import { type LoadedRules, loadRules } from '../rules/load-rules.js';
import { EnricherError } from '../shared/errors.js';

/**
 * The rules of a folder. Their tests are not run: `enricher test` does that.
 *
 * @throws EnricherError `RULES_INVALID` with every fault, as `enricher check` prints them
 */
export async function requireRules(folder: string): Promise<LoadedRules> {
  const load = await loadRules(folder, { customerFields: null });
  if (load.ok) return load;
  const list = load.faults.map(formatFault).join('\n');
  throw new EnricherError('RULES_INVALID', `The rules in ${folder} have ${load.faults.length} fault(s):\n${list}`);
}
