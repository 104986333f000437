import { type Fault, sortFaults } from '../files/fault.js';
import type { Mailbox } from '../mailboxes/mailbox-catalogue.js';
import { lintActions } from './lint-catalogue.js';
import { lintFieldConflicts } from './lint-field-conflicts.js';
import { lintMissingValues } from './lint-missing-values.js';
import { lintDuplicates, lintNeverActs } from './lint-never-acts.js';
import { readLintSource } from './lint-source.js';
import { lintUnused } from './lint-unused.js';
import type { LoadedRules } from '../rules/load-rules.js';

/**
 * What is odd in rules that have no fault: warnings with the codes of `LINT_CODES`. What is not certain is not told.
 *
 * @param mailboxes those of the catalogue; none, and nothing is said of tags, users, fields and templates
 */
export function lintRules(
  { ruleSet, files }: Pick<LoadedRules, 'ruleSet' | 'files'>,
  mailboxes: readonly Mailbox[],
): Fault[] {
  const source = readLintSource(ruleSet, files);
  const idle = lintNeverActs(source);
  lintDuplicates(source, idle);
  lintFieldConflicts(source, idle);
  lintActions(source, mailboxes);
  lintMissingValues(source);
  const ofLists = lintUnused(source, files);
  return sortFaults([...source.documents.flatMap(({ faults }) => faults), ...ofLists]);
}
