import { parsePath, type PathSegments, readPath } from '../../../facts/fact-path.js';
import { isObject } from '../../../shared/is-object.js';

/** A place in an answer: `data.items`, `results[0].id`, `["@odata.nextLink"]` or plainly `@odata.nextLink`. */
export interface DataPath {
  readonly text: string;
  /** A text that is no path can only be a key. */
  readonly segments: PathSegments;
}

/** The whole of what is read. */
export const WHOLE: DataPath = { text: '', segments: [] };

export function parseDataPath(text: string): DataPath {
  const path = text === '' || text.startsWith('[') ? `$${text}` : `$.${text}`;
  return { text, segments: parsePath(path) ?? [text] };
}

/** A key of that name if there is one, else the value at the path; undefined where there is none. Own properties only. */
export function readData(value: unknown, { text, segments }: DataPath): unknown {
  return isObject(value) && Object.hasOwn(value, text) ? value[text] : readPath(value, segments);
}

/** Every value at the path: where it meets a list without a position, it goes through all of it. */
export function readEach(value: unknown, { text, segments }: DataPath): unknown[] {
  if (isObject(value) && Object.hasOwn(value, text)) return [value[text]].flat();
  let values = [value];
  for (const segment of segments) {
    const opened = typeof segment === 'number' ? values : values.flat();
    values = opened.map((each) => readPath(each, [segment])).filter((each) => each !== undefined);
  }
  return values.flat();
}
