import type { Composition } from '../actions/compose-actions.js';
import type { LookupFacts } from '../facts/facts.js';

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
export function describeActions({ actions }: Composition, ruleCount: number): string {
  if (ruleCount === 0) return 'no rule acts on this message';
  if (actions.length === 0) return `${count(ruleCount, 'rule')} matched, but nothing was left to do`;
  return `${count(actions.length, 'action')} by ${count(ruleCount, 'rule')}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
