import { expect, test } from '@jest/globals';
import type { SuppressionReason } from '../actions/compose-actions.js';
import { describeActions } from './describe-outcome.js';

const suppressed = (reasons: readonly SuppressionReason[]) =>
  reasons.map((reason) => ({
    rule: 'a',
    type: 'tag' as const,
    part: null,
    isRendered: false,
    reason,
    wonBy: reason === 'set_before' ? 'b' : null,
  }));

test.each<[number, readonly SuppressionReason[], string]>([
  [1, [], '1 action by 2 rules'],
  [0, ['set_before', 'empty'], '2 rules matched, but nothing was left to do'],
  [1, ['unknown_tag'], '1 action by 2 rules; left out 1 thing that the mailbox does not have or take'],
  [
    2,
    ['unknown_tag', 'unknown_user', 'set_before', 'pattern', 'unknown_field'],
    '2 actions by 2 rules; left out 4 things that the mailbox does not have or take',
  ],
  [
    0,
    ['sent_lately'],
    '2 rules matched, but nothing was left to do; left out 1 thing: the rule sent a message into this conversation lately',
  ],
  [1, ['auto_reply', 'auto_reply'], '1 action by 2 rules; left out 2 things: the message is an automatic answer'],
  [
    1,
    ['own_mailbox', 'unknown_tag', 'no_reply', 'unknown_field'],
    '1 action by 2 rules; left out 1 thing: it would come back to the mailbox; left out 2 things that the mailbox does not have or take; left out 1 thing: nobody reads that address',
  ],
])('%d action(s), and %j left out, are "%s"', (count, reasons, text) => {
  const action = { type: 'tag' as const, value: { tags: ['VIP'] } };
  const composition = {
    actions: Array.from({ length: count }, () => action),
    rules: [],
    suppressed: suppressed(reasons),
  };
  expect(describeActions(composition, 2)).toBe(text);
});
