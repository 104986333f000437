import type { AddressHash } from '../shared/address-hash.js';

/** What an address may begin after, in JSON text: not in the middle of an escape sequence, which would be torn. */
const NOT_IN_ESCAPE = String.raw`(?<!\\(?:u[\da-f]{0,3})?)`;
/**
 * Quoted, or plain: without what people put around an address, unless that is all there is, and without the "/" of a path such
 * as node_modules/@nestjs; of a long word the end, so that it costs no more than its length.
 */
const LOCAL = String.raw`(?:\\"(?:[^"\\]|\\[^"]){1,128}\\"|[^\s"\\'\u0060(),:;<>@[\]{}=|/]{1,128}|['\u0060{}=|])`;
const DOMAIN = String.raw`(?:[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*|\[[\da-f:.ipv]+\])`;
const ADDRESS = new RegExp(`${NOT_IN_ESCAPE}${LOCAL}(?:@|%40)${DOMAIN}`, 'giu');
const BEARER = /\b(bearer|basic) +[\w.~+/=-]{8,}/gi;

/** A field of this name, at whatever depth. pino's own "redact" does the same by path, for 30 µs a line. */
const CREDENTIAL_FIELD =
  /"(authorization|cookie|password|secret|token|access_?token|client_?secret|api_?key)":"(?:[^"\\]|\\.)*"/gi;

/**
 * A log line as it may be written: addresses as their hashes, credentials as stars. The net below everything that logs; nobody
 * should count on it.
 *
 * @param line JSON text; it stays so
 */
export function maskLine(line: string, hash: AddressHash): string {
  let masked = line.replace(CREDENTIAL_FIELD, '"$1":"***"');
  if (masked.includes('@') || masked.includes('%40'))
    masked = masked.replace(ADDRESS, (address) => hash.of(address.replace('%40', '@').replaceAll(String.raw`\"`, '"')));
  if (/(?:earer|asic) /i.test(masked)) masked = masked.replace(BEARER, '$1 ***');
  return masked;
}
