import { describe, expect, test } from '@jest/globals';
import { parseDelivery } from '../webhook/parse-delivery.js';
import { buildFacts } from './build-facts.js';
import type { Facts } from './facts.js';

const NOBODY = {
  customer: null,
  lookup: { state: 'not_found', matchedBy: null, source: null, stale: false, ageSeconds: null, incomplete: false },
} as const;

function factsOf(payload: Readonly<Record<string, unknown>>): Facts {
  const parsed = parseDelivery({
    id: 'm1',
    event: 'received',
    mailbox: 'Claims@Insurer.example',
    from: null,
    ...payload,
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.violations));
  return buildFacts(parsed.delivery, NOBODY, new Date('2026-11-24T09:00:00Z'), {});
}

const from = (address: unknown, name: unknown = 'Dana Reyes') => ({ from: { emailAddress: { name, address } } });

describe('sender', () => {
  test.each([
    ['  Dana.Reyes@Northwind.EXAMPLE ', 'dana.reyes@northwind.example', 'northwind.example', 'northwind.example'],
    ['<dana@northwind.example>', 'dana@northwind.example', 'northwind.example', 'northwind.example'],
    ['dana@Bücher.example', 'dana@xn--bcher-kva.example', 'xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['dana@mail.northwind.co.uk', 'dana@mail.northwind.co.uk', 'mail.northwind.co.uk', 'northwind.co.uk'],
    ['dana@team.github.io', 'dana@team.github.io', 'team.github.io', 'team.github.io'],
    ['"a@b"@northwind.example', '"a@b"@northwind.example', 'northwind.example', 'northwind.example'],
    ['dana@[192.0.2.7]', 'dana@[192.0.2.7]', '[192.0.2.7]', null],
  ])('the address %j is %j', (written, address, domain, registrableDomain) => {
    expect(factsOf(from(written)).sender).toMatchObject({ address, domain, registrableDomain, name: 'Dana Reyes' });
  });

  test.each([
    '',
    '   ',
    'Dana Reyes',
    '@northwind.example',
    'dana@',
    'dana@-x.example',
    `${'a'.repeat(65)}@b.example`,
    '/O=EXCH/CN=DANA',
    'joe@evil.example/.northwind.example',
    'x@acme.example?y',
    'x@acme.example#y',
    'x@evil.example\\acme.example',
    'x@ex%61mple.com',
    'x@1.1',
    'x@acme.example:25',
    'mailto:a@b.example',
    'a@b@c.example',
    'x@user:pw@h.example',
    'a b@c.example',
  ])('what is no address, such as %j, is none', (written) => {
    expect(factsOf(from(written)).sender).toMatchObject({
      address: null,
      local: null,
      domain: null,
      isFreeMail: false,
      isInternal: false,
    });
  });

  test('a display name stays as it was written', () => {
    expect(factsOf(from('a@b.example', '  REYES, Dana 🚒 ')).sender.name).toBe('  REYES, Dana 🚒 ');
  });

  test.each([
    ['dana@gmail.com', true],
    ['dana@GMX.de', true],
    ['dana@northwind.example', false],
    ['dana@example.com', false],
  ])('%s is free mail: %s', (address, isFreeMail) => {
    expect(factsOf(from(address)).sender.isFreeMail).toBe(isFreeMail);
  });

  test('a sender is internal when it shares the registrable domain of the mailbox', () => {
    expect(factsOf(from('lee@branch.insurer.example')).sender.isInternal).toBe(true);
    expect(factsOf(from('lee@insurer.example.com')).sender.isInternal).toBe(false);
  });

  test('the envelope sender is shown only when it differs', () => {
    const sender = { emailAddress: { name: 'Assistant', address: 'Assistant@northwind.example' } };
    expect(factsOf({ ...from('dana@northwind.example'), sender }).sender.onBehalfOf).toBe(
      'assistant@northwind.example',
    );
    expect(factsOf({ ...from('Assistant@Northwind.example'), sender }).sender.onBehalfOf).toBeNull();
    expect(factsOf(from('dana@northwind.example')).sender.onBehalfOf).toBeNull();
  });

  test.each([
    ['no-reply', true],
    ['noreply', true],
    ['No_Reply', true],
    ['do.not.reply', true],
    ['donotreply+x', true],
    ['shop-noreply', true],
    ['nicht-antworten', true],
    ['mailer-daemon', true],
    ['reply', false],
    ['norbert', false],
    ['nora.reply', false],
  ])('the address %s@… is no-reply: %s', (local, isNoReply) => {
    expect(factsOf(from(`${local}@northwind.example`)).sender.isNoReply).toBe(isNoReply);
  });

  test.each([
    ['Automatic reply: Claim', true],
    ['RE: Out of Office', true],
    ['Abwesenheitsnotiz: Schaden', true],
    ['Réponse automatique : dossier', true],
    ['Undeliverable: Claim', true],
    ['Claim about automatic reply systems', false],
    ['Question', false],
  ])('the subject %j is an automatic reply: %s', (subject, isAutoReply) => {
    expect(factsOf({ ...from('dana@northwind.example'), subject }).sender.isAutoReply).toBe(isAutoReply);
  });

  test('a bounce is an automatic reply whatever its subject', () => {
    expect(factsOf({ ...from('MAILER-DAEMON@northwind.example'), subject: 'Claim' }).sender.isAutoReply).toBe(true);
  });
});

describe('subject', () => {
  test.each([
    ['Claim', 'Claim', false],
    ['Re: Claim', 'Claim', true],
    ['RE:Claim', 'Claim', true],
    ['AW: WG: Schaden', 'Schaden', true],
    ['Fwd: Re: Claim', 'Claim', false],
    ['RE[2]: Claim', 'Claim', true],
    ['Re (3): Claim', 'Claim', true],
    ['回复：索赔', '索赔', true],
    ['  SV:  Claim  ', 'Claim', true],
    ['Regarding: Claim', 'Regarding: Claim', false],
    ['Re Claim', 'Re Claim', false],
    ['Claim Re: two', 'Claim Re: two', false],
    ['', '', false],
    ['Re:', '', true],
  ])('%j has the base %j and is a reply: %s', (subject, subjectBase, isReply) => {
    expect(factsOf({ subject }).message).toMatchObject({ subject, subjectBase, isReply });
  });

  test('a megabyte of reply marks is read at once', () => {
    expect(factsOf({ subject: `${'Re: '.repeat(250_000)}x` }).message.subjectBase).toBe('x');
  });
});

describe('message', () => {
  test('recipients are normalised, and what is no address is left out', () => {
    const recipients = [
      { emailAddress: { name: 'C', address: 'Claims@Insurer.example' } },
      { emailAddress: {} },
      { emailAddress: null },
      null,
      7,
      'x',
    ];
    expect(factsOf({ to: recipients, cc: null }).message).toMatchObject({
      to: ['claims@insurer.example'],
      cc: [],
      mailbox: 'claims@insurer.example',
    });
  });

  test('what the payload lacks is null, but for the subject', () => {
    expect(factsOf({ from: { emailAddress: { name: ' ', address: 'a@b.example' } } })).toMatchObject({
      message: { subject: '', received: null, timestamp: null, conversationId: null, internetMessageId: null },
      sender: { address: 'a@b.example', name: null },
    });
  });

  test('fields of a wrong type are as absent', () => {
    const payload = {
      subject: 5,
      bodyText: { a: 1 },
      hasAttachments: 'yes',
      received: null,
      customFields: ['x'],
      to: 'claims@insurer.example',
    };
    const { message, conversation } = factsOf(payload);
    expect(message).toMatchObject({ subject: '', bodyText: null, hasAttachments: false, received: null, to: [] });
    expect(conversation.customFields).toEqual({});
  });

  test('custom fields are passed on as text', () => {
    expect(factsOf({ customFields: { a: 'x', b: 5, c: null, d: { e: 1 } } }).conversation.customFields).toEqual({
      a: 'x',
      b: '5',
    });
  });
});
