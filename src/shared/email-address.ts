import { domainToASCII } from 'node:url';

/** An address in the one form that rules, providers and keys compare: lower case, domain in ASCII (IDNA), no display name. */
export interface EmailAddress {
  readonly address: string;
  readonly local: string;
  readonly domain: string;
}

const MAX_ADDRESS_LENGTH = 254;
const MAX_LOCAL_LENGTH = 64;
const MAX_DOMAIN_LENGTH = 253;
const UNUSABLE_LOCAL = /[\s\p{Cc}<>()[\]\\,;:@"]/u;
const DOMAIN_LITERAL = /^\[[\da-f:.ipv]+\]$/;
/** Before IDNA: letters of any script and the full stops that it knows; all that a URL parser would read otherwise is out. */
const WRITTEN_DOMAIN = /^[\p{L}\p{N}\p{M}._\-\u3002\uFF0E\uFF61]+$/u;
const HOST = /^(?!-)[a-z\d_-]+(\.[a-z\d_-]+)*$/;
/** What IDNA leaves as it is: nothing that it would decode, nor take for a part of an IPv4 address. */
const PLAIN_HOST = /^(?!-)(?:(?!xn--)[a-z\d_-]+\.)*(?!xn--)[a-z][a-z\d_-]*$/;
/** Is its own normal form. */
const PLAIN_ADDRESS = new RegExp(`^[a-z\\d._+'-]{1,${MAX_LOCAL_LENGTH}}@${PLAIN_HOST.source.slice(1)}`);

/**
 * The address in normal form, or null when the text is not one (empty, a display name, an X.500 path).
 *
 * @source RFC 5321 §4.5.3.1 for the lengths; the split is at the last `@`, since a quoted local part may hold one
 */
export function parseEmailAddress(text: string): EmailAddress | null {
  if (text.length <= MAX_ADDRESS_LENGTH && PLAIN_ADDRESS.test(text)) {
    const end = text.indexOf('@');
    return { address: text, local: text.slice(0, end), domain: text.slice(end + 1) };
  }
  const trimmed = text.trim().replace(/^<(.*)>$/s, '$1');
  const at = trimmed.lastIndexOf('@');
  if (at < 1 || trimmed.length > 4 * MAX_ADDRESS_LENGTH) return null;
  const local = trimmed.slice(0, at).normalize('NFC').toLowerCase();
  const domain = asciiDomain(trimmed.slice(at + 1));
  if (domain === null || local.length > MAX_LOCAL_LENGTH || local.length + 1 + domain.length > MAX_ADDRESS_LENGTH) {
    return null;
  }
  const isQuoted = local.length > 2 && local.startsWith('"') && local.endsWith('"');
  if (isQuoted ? /\p{Cc}/u.test(local) : UNUSABLE_LOCAL.test(local)) return null;
  return { address: `${local}@${domain}`, local, domain };
}

/** The domain in lower-case ASCII without a trailing dot, or null when it is none. */
export function asciiDomain(text: string): string | null {
  const lower = text.trim().toLowerCase().replace(/\.$/, '');
  // Most are, and millions come in a file: IDNA takes longer than all the rest.
  if (lower.length <= MAX_DOMAIN_LENGTH && PLAIN_HOST.test(lower)) return lower;
  if (DOMAIN_LITERAL.test(lower)) return lower;
  if (!WRITTEN_DOMAIN.test(lower)) return null;
  const ascii = domainToASCII(lower);
  // A last label of digits is an IPv4 address to the URL parser, which it completes.
  const isDomain =
    ascii.length > 0 && ascii.length <= MAX_DOMAIN_LENGTH && HOST.test(ascii) && !/(^|\.)\d+$/.test(ascii);
  return isDomain ? ascii : null;
}

/** The address that `name+tag@…` is an alias of, or null when it carries no tag. */
export function withoutTag(email: EmailAddress): EmailAddress | null {
  const plus = email.local.indexOf('+');
  if (plus < 1 || email.local.startsWith('"')) return null;
  const local = email.local.slice(0, plus);
  return { address: `${local}@${email.domain}`, local, domain: email.domain };
}
