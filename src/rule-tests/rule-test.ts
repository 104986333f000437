import type { ActionType } from '../actions/action.js';
import type { LookupResult } from '../facts/build-facts.js';
import type { Delivery } from '../facts/delivery.js';
import type { JsonValue } from '../facts/facts.js';
import type { SourceLocation } from '../rules/rule.js';

/** One test of a rule set: a message, what the look-up gave, the time, and what must come of it. */
export interface RuleTest {
  /** Unique within its file. */
  readonly name: string;
  /** Where the name stands. */
  readonly location: SourceLocation;
  readonly delivery: Delivery;
  readonly found: LookupResult;
  readonly now: Date;
  readonly expect: Expectation;
}

/** What a test says of the outcome; at least one of the three. */
export interface Expectation {
  /** All actions of the answer, in order; null when the test does not say. */
  readonly actions: readonly WantedAction[] | null;
  /** All rules that act, in order; null when the test does not say. */
  readonly rules: readonly string[] | null;
  /** Rules that must not act. */
  readonly notRules: readonly string[];
}

/** An action as it goes out: templates rendered, merge law applied. */
export interface WantedAction {
  readonly type: ActionType;
  readonly name?: string;
  readonly value: Readonly<Record<string, JsonValue>>;
}

/** What a test takes where it says nothing. The mailbox is one that no rule names, so a rule for certain mailboxes needs it said. */
export const TEST_DEFAULTS = {
  now: '2026-01-01T12:00:00Z',
  mailbox: 'test@enricher.example',
  from: 'sender@customer.example',
  subject: 'Test message',
  /** The provider that found the customer. */
  source: 'test',
} as const;
