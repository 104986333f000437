import type { AddressHash } from '../shared/address-hash.js';

/** What an address may begin after, in JSON text: not in the middle of an escape sequence, which would be torn. */
const NOT_IN_ESCAPE = String.raw`(?<!\\(?:u[\da-f]{0,3})?)`;
/**
 * Quoted, or plain: without what people put around an address, unless that is all there is, and without the "/" of a path such
 * as node_modules/@nestjs; of a long word the end, so that it costs no more than its length.
 */
const LOCAL = String.raw`(?:\\"(?:[^"\\]|\\[^"]){1,128}\\"|[^\s"\\'\u0060(),:;<>@[\]{}=|/]{1,128}|['\u0060{}=|])`;
const DOMAIN = String.raw`(?:[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*|\[[\da-f:.ipv]+\])`;
/** Also as it stands in an address that was encoded once more. */
const ENCODED_AT = /%(?:25){0,3}40/;
const ADDRESS = new RegExp(`${NOT_IN_ESCAPE}${LOCAL}(?:@|${ENCODED_AT.source})${DOMAIN}`, 'giu');
const AFTER_SCHEME = /(\bbearer|\bbasic|oauthtoken) +[\w.~+/=-]{8,}/gi;

/** How the names of credentials end. Looked for backwards from what follows them, which is found faster. */
const CREDENTIAL = '(?:token|secret|passw(?:or)?d|key|authorization|cookie)';
/** A field of such a name, at whatever depth. pino's own "redact" does the same by path, for 30 µs a line. */
const FIELD = new RegExp(String.raw`":"(?<=${CREDENTIAL}":")(?:[^"\\]|\\.)*"`, 'gi');
/** The same in JSON that stands in a text, which may be cut off. */
const QUOTED_FIELD = new RegExp(String.raw`(\\": ?\\")(?<=${CREDENTIAL}\1)(?:[^"\\]|\\\\(?:\\.|[^"\\]))+`, 'gi');
const PARAMETER = new RegExp(String.raw`=(?<=${CREDENTIAL}=)[^&#;,\s"'\\<>)]+`, 'gi');

/**
 * A log line as it may be written: addresses as their hashes, credentials as stars. The net below everything that logs; nobody
 * should count on it.
 *
 * @param line JSON text; it stays so
 */
export function maskLine(line: string, hash: AddressHash): string {
  let masked = line.replace(FIELD, '":"***"');
  if (masked.includes(String.raw`\":`)) masked = masked.replace(QUOTED_FIELD, '$1***');
  if (masked.includes('=')) masked = masked.replace(PARAMETER, '=***');
  if (masked.includes('@') || ENCODED_AT.test(masked))
    masked = masked.replace(ADDRESS, (address) =>
      hash.of(address.replace(ENCODED_AT, '@').replaceAll(String.raw`\"`, '"')),
    );
  if (/(?:earer|asic) /i.test(masked) || masked.includes('oauthtoken '))
    masked = masked.replace(AFTER_SCHEME, '$1 ***');
  return masked;
}
