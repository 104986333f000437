import { type EmailAddress, parseEmailAddress } from '../shared/email-address.js';
import { isAutomaticReply, isNoReplyLocal } from './automatic-mail.js';
import type { Correspondent, Delivery } from './delivery.js';
import type { CustomerRecord, Facts, JsonValue, LookupFacts, MessageFacts, SenderFacts } from './facts.js';
import { isFreeMailDomain, registrableDomain } from './sender-domain.js';
import { readSubject } from './subject.js';

/** The look-up's part of the facts. */
export interface LookupResult {
  readonly customer: CustomerRecord | null;
  readonly lookup: LookupFacts;
}

/** The facts of one message. Pure: the time comes in. */
export function buildFacts(
  delivery: Delivery,
  { customer, lookup }: LookupResult,
  now: Date,
  lists: Readonly<Record<string, JsonValue>>,
): Facts {
  return {
    message: messageFacts(delivery),
    sender: senderFacts(delivery),
    customer,
    lookup,
    conversation: { customFields: delivery.customFields },
    now: now.toISOString(),
    lists,
  };
}

/** The address that the customer is looked up by: the header From's, as the Emailgistics guide does. */
export function senderAddress(delivery: Delivery): EmailAddress | null {
  return delivery.from === null ? null : parseEmailAddress(delivery.from.address);
}

function messageFacts(delivery: Delivery): MessageFacts {
  const { base, isReply } = readSubject(delivery.subject);
  return {
    id: delivery.id,
    subject: delivery.subject,
    subjectBase: base,
    isReply,
    bodyText: delivery.bodyText,
    received: textOrNull(delivery.received),
    timestamp: textOrNull(delivery.timestamp),
    mailbox: delivery.mailbox,
    to: addresses(delivery.to),
    cc: addresses(delivery.cc),
    hasAttachments: delivery.hasAttachments,
    conversationId: textOrNull(delivery.conversationId),
    internetMessageId: textOrNull(delivery.internetMessageId),
  };
}

function senderFacts(delivery: Delivery): SenderFacts {
  const email = senderAddress(delivery);
  const envelope = delivery.sender === null ? null : parseEmailAddress(delivery.sender.address);
  const registrable = email === null ? null : registrableDomain(email.domain);
  return {
    address: email?.address ?? null,
    name: textOrNull(delivery.from?.name ?? ''),
    local: email?.local ?? null,
    domain: email?.domain ?? null,
    registrableDomain: registrable,
    isFreeMail: email !== null && isFreeMailDomain(email.domain),
    isInternal: email !== null && sharesRegistrableDomain(email, delivery.mailbox),
    isNoReply: email !== null && isNoReplyLocal(email.local),
    isAutoReply: isAutomaticReply(readSubject(delivery.subject).base, email?.local ?? null),
    onBehalfOf: envelope !== null && envelope.address !== email?.address ? envelope.address : null,
  };
}

/** What the payload lacks is empty in a delivery, and missing for a rule. */
function textOrNull(text: string): string | null {
  return text.trim() === '' ? null : text;
}

function sharesRegistrableDomain(email: EmailAddress, mailbox: string): boolean {
  const own = parseEmailAddress(mailbox);
  if (own === null) return false;
  return (registrableDomain(own.domain) ?? own.domain) === (registrableDomain(email.domain) ?? email.domain);
}

function addresses(correspondents: readonly Correspondent[]): string[] {
  return correspondents.flatMap(({ address }) => parseEmailAddress(address)?.address ?? []);
}
