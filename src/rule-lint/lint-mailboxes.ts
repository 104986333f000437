import { isForMailbox, type MailboxFilter } from '../rules/rule.js';

/** Whether a filter lets every mailbox through that the other does. */
export function isWider(filter: MailboxFilter | null, other: MailboxFilter | null): boolean {
  if (filter === null) return true;
  if (other === null) return false;
  const domains = [...other.domains].every((domain) => filter.domains.has(domain));
  return domains && [...other.addresses].every((address) => isForMailbox(filter, address));
}

/** Whether some mailbox passes both filters. */
export function sharesMailbox(a: MailboxFilter | null, b: MailboxFilter | null): boolean {
  if (a === null || b === null) return true;
  return (
    [...a.domains].some((domain) => b.domains.has(domain)) ||
    [...a.addresses].some((address) => isForMailbox(b, address)) ||
    [...b.addresses].some((address) => isForMailbox(a, address))
  );
}
