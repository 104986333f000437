import { expect, test } from '@jest/globals';
import { factsWith } from '../../test/support/rule-program.js';
import { withoutLoops } from './no-loops.js';

const facts = factsWith(null, false);
const to = (...addresses: string[]) => addresses.map((address) => ({ emailAddress: { name: '', address } }));

test.each<[string, object, object | null, unknown[]]>([
  ['somebody', { toAddresses: to('dana@x.example') }, { toAddresses: to('dana@x.example') }, []],
  [
    'the mailbox itself',
    { toAddresses: to('Claims@Insurer.example') },
    null,
    [['Claims@Insurer.example', 'own_mailbox']],
  ],
  [
    'an address that nobody reads',
    { toAddresses: to('no-reply@x.example') },
    null,
    [['no-reply@x.example', 'no_reply']],
  ],
  [
    'somebody and the mailbox',
    { toAddresses: to('dana@x.example', 'claims@insurer.example'), comment: 'x' },
    { toAddresses: to('dana@x.example'), comment: 'x' },
    [['claims@insurer.example', 'own_mailbox']],
  ],
  [
    'the mailbox in copy',
    { toAddresses: to('dana@x.example'), ccAddresses: to('claims@insurer.example'), bccAddresses: to('lee@x.example') },
    { toAddresses: to('dana@x.example'), bccAddresses: to('lee@x.example') },
    [['claims@insurer.example', 'own_mailbox']],
  ],
])('mail to %s', (_, value, expected, reasons) => {
  const lost: unknown[] = [];
  expect(withoutLoops(value as Parameters<typeof withoutLoops>[0], facts, (...why) => lost.push(why))).toEqual(
    expected,
  );
  expect(lost).toEqual(reasons);
});

test('nothing answers an automatic answer', () => {
  const lost: unknown[] = [];
  const automatic = { ...facts, sender: { ...facts.sender, isAutoReply: true } };
  expect(withoutLoops({ toAddresses: to('dana@x.example') }, automatic, (...why) => lost.push(why))).toBeNull();
  expect(lost).toEqual([[null, 'auto_reply']]);
});
