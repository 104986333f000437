/** A plain path: property names and list positions, in order. */
export type PathSegments = readonly (string | number)[];

const SEGMENT = /\.([\p{L}_$][\p{L}\p{N}_$-]*)|\[(\d{1,6})\]|\[(?:'([^'\]]*)'|"([^"\]]*)")\]/uy;

/**
 * The segments of `$.a.b[0]['c d']`, or null when the path is anything else. JSONPath filters, wildcards and scripts are
 * none of ours: they are slow, and a filter can be made to run for seconds (docs/rules.md, "Paths").
 */
export function parsePath(path: string): PathSegments | null {
  if (!path.startsWith('$')) return null;
  const segments: (string | number)[] = [];
  SEGMENT.lastIndex = 1;
  while (SEGMENT.lastIndex < path.length) {
    const match = SEGMENT.exec(path);
    if (match === null) return null;
    const [, name, index, single, double] = match;
    segments.push(index === undefined ? (name ?? single ?? double ?? '') : Number(index));
  }
  return segments;
}

/** The value at the segments, own properties only; undefined where there is none. */
export function readPath(value: unknown, segments: PathSegments): unknown {
  let current = value;
  for (const segment of segments) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, segment)) return undefined;
    current = (current as Record<string | number, unknown>)[segment];
  }
  return current;
}

/** Whether one of two paths leads into the other's value, or to it. */
export function pathsOverlap(a: PathSegments, b: PathSegments): boolean {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) if (String(a[index]) !== String(b[index])) return false;
  return true;
}

/** `customer.tier`, `message.to[0]`: how people write it. */
export function formatPath(segments: PathSegments): string {
  return segments.reduce<string>((text, segment, index) => {
    if (typeof segment === 'number') return `${text}[${segment}]`;
    if (!/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(segment)) return `${text}['${segment}']`;
    return index === 0 ? segment : `${text}.${segment}`;
  }, '');
}
