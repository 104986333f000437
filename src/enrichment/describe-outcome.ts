import type { Composition, Suppressed, SuppressionReason } from '../actions/compose-actions.js';
import type { LookupFacts } from '../facts/facts.js';
import { count } from '../shared/count.js';

const MATCHED_BY_WORDS = {
  email: 'address',
  alias: 'address without its tag',
  domain: 'domain',
  last_known: 'last known record',
} as const;

/** What the look-up came to, in words for people. */
export function describeLookup({ state, matchedBy, source }: LookupFacts): string {
  switch (state) {
    case 'found':
      return `Customer found by ${MATCHED_BY_WORDS[matchedBy ?? 'email']} in "${source}"`;
    case 'not_found':
      return 'No CRM record for the sender';
    case 'ambiguous':
      return `More than one CRM record for the sender in "${source}"`;
    case 'unavailable':
      return 'The CRM is unavailable';
    case 'no_sender':
      return 'The message has no sender address';
    case 'skipped':
      return 'No CRM was asked';
    default:
      return state satisfies never;
  }
}

/** What the rules made of it. */
export function describeActions({ actions, suppressed }: Composition, ruleCount: number): string {
  if (ruleCount === 0) return 'no rule acts on this message';
  const leftOut = describeLeftOut(suppressed);
  if (actions.length === 0) return `${count(ruleCount, 'rule')} matched, but nothing was left to do${leftOut}`;
  return `${count(actions.length, 'action')} by ${count(ruleCount, 'rule')}${leftOut}`;
}

/** What is not in the answer although no other rule has it: the mailbox would not take it, or it was held back. Somebody should know. */
export function whatWasLeftOut(suppressed: readonly Suppressed[]): LeftOut[] {
  return suppressed.filter((one): one is LeftOut => one.reason !== 'set_before' && one.reason !== 'empty');
}

interface LeftOut extends Suppressed {
  readonly reason: Exclude<SuppressionReason, 'set_before' | 'empty'>;
}

const REASON_WORDS: Readonly<Record<Exclude<SuppressionReason, 'set_before'>, string>> = {
  empty: 'nothing was left of it',
  unknown_field: 'the mailbox has no such field',
  pattern: "the value does not fit the field's pattern",
  unknown_tag: 'the mailbox has no such tag',
  unknown_user: 'the mailbox has no such user',
  auto_reply: 'the message is an automatic answer',
  own_mailbox: 'it would come back to the mailbox',
  no_reply: 'nobody reads that address',
  sent_lately: 'the rule sent a message into this conversation lately',
};

const BY_MAILBOX: ReadonlySet<SuppressionReason> = new Set(['unknown_field', 'pattern', 'unknown_tag', 'unknown_user']);

function describeLeftOut(suppressed: readonly Suppressed[]): string {
  const counts = new Map<string, number>();
  for (const { reason } of whatWasLeftOut(suppressed)) {
    const why = BY_MAILBOX.has(reason) ? ' that the mailbox does not have or take' : `: ${REASON_WORDS[reason]}`;
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  return [...counts].map(([why, number]) => `; left out ${count(number, 'thing')}${why}`).join('');
}

/** One thing that was left out; `part` as it shall be named, if at all. */
export function describeSuppressed({ rule, type, reason, wonBy }: Suppressed, part: string | null): string {
  const what = part === null ? type : `${type} "${part}"`;
  return `${rule}: ${what}, ${reason === 'set_before' ? `"${wonBy}" has it` : REASON_WORDS[reason]}`;
}
