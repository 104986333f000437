import { UnsendableValue } from './unsendable-value.js';

/** Where in a request a text stands: how a value in it is written, and then the whole text. */
export interface Position {
  readonly value: (value: string) => string;
  readonly whole: (text: string) => string;
}

const same = (text: string): string => text;

/** The encoders, one for each place in a request. Bodies are encoded as a whole, by JSON.stringify or URLSearchParams. */
export const POSITIONS = {
  path: { value: encodePathSegment, whole: same },
  query: { value: wellFormed, whole: (text) => encodeURIComponent(text) },
  header: { value: headerValue, whole: same },
  body: { value: wellFormed, whole: same },
  /** Parts of an address that the operator configures: a host label or a path segment. */
  url: { value: urlPart, whole: same },
} as const satisfies Record<string, Position>;

export type PositionName = keyof typeof POSITIONS;

/** The key of a query parameter; what vendors write plainly in theirs (`$filter`, `page[size]`) stays as it is. */
export function encodeQueryKey(key: string): string {
  return encodeURIComponent(key).replace(/%(24|5B|5D)/g, (encoded) => decodeURIComponent(encoded));
}

/** `.` and `..` are refused when the address is joined: only then is it known whether they stand alone. */
function encodePathSegment(value: string): string {
  if (value === '') throw new UnsendableValue('it cannot be a part of a path');
  return encodeURIComponent(wellFormed(value));
}

function wellFormed(value: string): string {
  if (!value.isWellFormed()) throw new UnsendableValue('it is no Unicode text');
  return value;
}

function headerValue(value: string): string {
  // eslint-disable-next-line no-control-regex
  if (!/^[\t\x20-\x7e\u0080-\u00ff]*$/.test(value) || value !== value.trim())
    throw new UnsendableValue('it has a character that no header may have');
  return value;
}

function urlPart(value: string): string {
  if (!/^[\w-][\w.-]*$/.test(value))
    throw new UnsendableValue('it may have letters, digits, "-", "_" and "." only here');
  return value;
}
