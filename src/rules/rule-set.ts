import type { JsonValue } from '../facts/facts.js';
import type { Program } from './program.js';
import { isForMailbox, type Rule, type SourceLocation } from './rule.js';

/** All rules of a folder, checked together and immutable; replaced as a whole. */
export interface RuleSet {
  /** Short hash of the content of all files. */
  readonly revision: string;
  /** In the order in which they act: priority descending, then file path, then position in the file. */
  readonly rules: readonly Rule[];
  /** The same rules as closures. */
  readonly program: Program;
  readonly lists: Readonly<Record<string, JsonValue>>;
  /** Where each condition stands, by the number that the conditions carry. */
  readonly conditionLocations: readonly SourceLocation[];
  readonly files: readonly string[];
}

/** Whether any live rule could act for this mailbox. */
export function hasRuleFor({ rules }: RuleSet, mailbox: string): boolean {
  return rules.some((rule) => rule.enabled && rule.mode === 'live' && isForMailbox(rule.mailboxes, mailbox));
}
