import type { Action } from '../actions/action.js';
import type { Composition } from '../actions/compose-actions.js';
import type { Facts } from '../facts/facts.js';
import type { Decision } from '../rules/verdict.js';

export const OUTCOMES = ['acted', 'nothing_to_do', 'ignored_event', 'no_rule_for_mailbox', 'crm_unavailable'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What became of one delivery. */
export interface Enrichment {
  readonly outcome: Outcome;
  /** For the administrator of the mailbox: telling, and free of personal data. */
  readonly message: string;
  readonly actions: readonly Action[];
  readonly revision: string;
  /** With outcome `crm_unavailable`: whether the sender shall try again. */
  readonly shouldRetry: boolean;
  /** How it came about; null when no rule was asked. */
  readonly trace: {
    readonly facts: Facts;
    readonly decision: Decision;
    readonly composition: Composition;
    readonly lookupMs: number;
  } | null;
}
