import { hasErrors, sortFaults } from '../files/fault.js';
import { buildRuleSet, type LoadOptions, type RulesLoad } from '../rules/load-rules.js';
import { readRulesFolder } from '../rules/rules-folder.js';
import { runTestGate } from './test-gate.js';

export interface TestedLoadOptions extends LoadOptions {
  /** How long the tests of the folder may take at a load; those that are left are a warning. Default 2 s. */
  readonly testBudgetMs?: number;
}

/** Loads a folder and runs its tests; all faults are found together, and any error or red test rejects the whole. */
export async function loadTestedRules(folder: string, options: TestedLoadOptions): Promise<RulesLoad> {
  const read = await readRulesFolder(folder);
  if (!read.ok) return read;
  const load = await buildRuleSet(read.files, options);
  const ofTests = await runTestGate(read.files, load.ok ? load.ruleSet : null, options);
  const faults = sortFaults([...(load.ok ? load.warnings : load.faults), ...ofTests]);
  return load.ok && !hasErrors(ofTests) ? { ...load, warnings: faults } : { ok: false, faults };
}
