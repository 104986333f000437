/** Own properties to one value in a JSON document. */
export type Pointer = readonly string[];

/**
 * The segments of a JSON Pointer, or null when it is none. The whole document (`""`) is none here: it cannot be masked.
 *
 * @source RFC 6901
 */
export function parsePointer(text: string): Pointer | null {
  if (!/^(?:\/(?:[^~]|~[01])*)+$/.test(text)) return null;
  const segments = text.slice(1).split('/');
  return segments.map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function formatPointer(pointer: Pointer): string {
  return pointer.map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** A copy with another value at the pointer; the document itself when nothing is there. What is not on the way is shared. */
export function replaceAt<T>(document: T, pointer: Pointer, change: (value: unknown) => unknown): T {
  const [first, ...rest] = pointer;
  if (first === undefined) return change(document) as T;
  if (typeof document !== 'object' || document === null || !Object.hasOwn(document, first)) return document;
  const before = (document as Record<string, unknown>)[first];
  const after = replaceAt(before, rest, change);
  if (after === before) return document;
  if (Array.isArray(document)) return document.with(Number(first), after) as T;
  return { ...document, [first]: after };
}
