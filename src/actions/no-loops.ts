import { isNoReplyLocal } from '../facts/automatic-mail.js';
import type { PathSegments } from '../facts/fact-path.js';
import type { Facts } from '../facts/facts.js';
import { parseEmailAddress } from '../shared/email-address.js';
import type { ActionAddress } from './action.js';

/** Why mail must not go to somebody: it would come back, again and again, or nobody reads it. */
export type LoopReason = 'auto_reply' | 'own_mailbox' | 'no_reply';

/** Facts that decide whether mail goes out, whatever is written in it. */
export const LOOP_FACTS: readonly PathSegments[] = [
  ['sender', 'isAutoReply'],
  ['message', 'mailbox'],
];

const LISTS = ['toAddresses', 'ccAddresses', 'bccAddresses'] as const;

type Addressed = { readonly [List in (typeof LISTS)[number]]?: readonly ActionAddress[] };

/**
 * The mail without the recipients that it must not go to: the mailbox itself, and addresses that nobody reads. Null when nobody is left in
 * To, or when the message is itself an automatic answer.
 *
 * @param lose hears each reason, with the address unless it is about the whole
 */
export function withoutLoops<Value extends Addressed>(
  value: Value,
  { sender, message }: Facts,
  lose: (part: string | null, reason: LoopReason) => void,
): Value | null {
  if (sender.isAutoReply) {
    lose(null, 'auto_reply');
    return null;
  }
  const lists = LISTS.flatMap((list) => {
    const before = value[list];
    if (before === undefined) return [];
    const after = before.filter(({ emailAddress: { address } }) => {
      const reason = reasonAgainst(address, message.mailbox);
      if (reason !== null) lose(address, reason);
      return reason === null;
    });
    return [[list, after.length === before.length ? before : after] as const];
  });
  const kept = Object.fromEntries(lists) as { [List in (typeof LISTS)[number]]?: readonly ActionAddress[] };
  if (kept.toAddresses?.length === 0) return null;
  const without = new Set<string>(LISTS.filter((list) => kept[list]?.length === 0));
  return Object.fromEntries(Object.entries({ ...value, ...kept }).filter(([key]) => !without.has(key))) as Value;
}

function reasonAgainst(address: string, mailbox: string): LoopReason | null {
  const email = parseEmailAddress(address);
  if (email === null) return null;
  if (email.address === mailbox) return 'own_mailbox';
  return isNoReplyLocal(email.local) ? 'no_reply' : null;
}
