import type { Rule, SourceLocation } from './rule.js';

export type VerdictKind = 'matched' | 'not_matched' | 'skipped' | 'undecided';
export type SkipReason = 'disabled' | 'other_mailbox' | 'outside_dates' | 'lost_group' | 'after_stop';

/** A condition, and what it saw. `read` is personal data: it is shown on demand, never logged. */
export interface Why {
  readonly location: SourceLocation;
  readonly fact: string;
  readonly operator: string;
  /** The condition stands below a `not`: it decided by the opposite of what it says. */
  readonly isNegated: boolean;
  readonly wanted: unknown;
  /** Present when that is another fact, not what the rule has written. */
  readonly wantedFact?: string;
  readonly read: unknown;
}

export interface RuleVerdict {
  readonly rule: string;
  readonly mode: Rule['mode'];
  readonly location: SourceLocation;
  readonly verdict: VerdictKind;
  /** Present when skipped. */
  readonly skipped?: SkipReason;
  /** The rule that won the group or stopped the rest. */
  readonly lostTo?: string;
  /** The condition that decided; null when there is none, as for a rule without conditions. */
  readonly why: Why | null;
}

/** How near a rule came that did not match. */
export interface NearMiss {
  readonly held: number;
  readonly of: number;
  /** The conditions that did not hold. */
  readonly missing: readonly Why[];
}

/** A verdict with what else helps to understand it. */
export interface Explanation extends RuleVerdict {
  /** Null when the rule matched or was skipped, or when its conditions cannot be counted. */
  readonly nearMiss: NearMiss | null;
}

export interface Decision {
  readonly revision: string;
  /** The rules that matched, lost their group, or are undecided, in rule order. `explain` tells of all the others. */
  readonly verdicts: readonly RuleVerdict[];
  /** The rules whose actions go out, in order. */
  readonly acting: readonly Rule[];
}
