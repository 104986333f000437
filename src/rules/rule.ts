import type { Rule as EngineRule } from 'json-rules-engine';
import type { ActionTemplate } from '../actions/action-template.js';

/** Where something stands in a file, 1-based. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** For which mailboxes a rule is; null for all. */
export interface MailboxFilter {
  readonly addresses: ReadonlySet<string>;
  readonly domains: ReadonlySet<string>;
}

/** One rule, checked and frozen. */
export interface Rule {
  readonly name: string;
  readonly description: string | null;
  /** At least 1; higher acts first. */
  readonly priority: number;
  readonly enabled: boolean;
  readonly mailboxes: MailboxFilter | null;
  /** `shadow`: evaluated and counted, never answered. */
  readonly mode: 'live' | 'shadow';
  /** Of the matching rules of a group the first acts. */
  readonly exclusive: string | null;
  /** Nothing after this rule acts. */
  readonly stop: boolean;
  /** What an undecided rule does. */
  readonly onUnknown: 'skip' | 'match';
  /** Milliseconds since the epoch; `validFrom` inclusive, `validUntil` exclusive. */
  readonly validFrom: number | null;
  readonly validUntil: number | null;
  readonly location: SourceLocation;
  readonly actions: readonly ActionTemplate[];
  readonly conditions: EngineRule;
}

export function isForMailbox(filter: MailboxFilter | null, mailbox: string): boolean {
  if (filter === null) return true;
  return filter.addresses.has(mailbox) || filter.domains.has(mailbox.slice(mailbox.lastIndexOf('@') + 1));
}
