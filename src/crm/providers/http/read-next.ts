import type { ObjectReader } from '../../../files/object-reader.js';
import type { NextPage } from './connector.js';
import { readPath } from './read-path.js';
import type { Scope } from './template.js';

/** How the next page is asked for, and the keys that each way has beside "more" and "until". */
export const NEXT_KEYS = { cursor: [], url: [], last: ['first'], page: [] } as const;

const KINDS = Object.keys(NEXT_KEYS) as (keyof typeof NEXT_KEYS)[];

/**
 * The "next" of a request; null when absent or faulty (recorded).
 *
 * @param used the placeholders of the request; null when it has faults itself
 */
export function readNext(
  parent: ObjectReader,
  used: ReadonlySet<string> | null,
  constants: Scope['constants'],
): NextPage | null {
  const reader = parent.object('next');
  if (reader === undefined) return null;
  const [kind, ...others] = KINDS.filter((each) => reader.has(each));
  if (kind === undefined || others.length > 0) {
    reader.document.error(reader.node, `"next" needs one of ${KINDS.map((each) => `"${each}"`).join(', ')}`);
    return null;
  }
  reader.allow([kind, 'more', 'until', ...NEXT_KEYS[kind]], `"next" with "${kind}"`);
  const more = readPath(reader, 'more', constants) ?? null;
  const until = readPath(reader, 'until', constants) ?? null;
  const placeholder = { cursor: 'cursor', last: 'cursor', page: 'page', url: null }[kind];
  if (placeholder !== null && used !== null && !used.has(placeholder))
    reader.document.error(reader.node, `the request does not use {{${placeholder}}}, so every page would be the first`);
  if (kind === 'page') {
    if (more === null && until === null)
      reader.document.error(reader.node, '"next" with "page" needs "more" or "until"');
    const first = reader.integer('page', 0);
    return first === undefined ? null : { type: 'page', first, more, until };
  }
  const path = readPath(reader, kind, constants);
  if (path === undefined) return null;
  switch (kind) {
    case 'cursor':
      return { type: 'cursor', cursor: path, more, until };
    case 'url':
      return { type: 'url', url: path, more, until };
    case 'last':
      return { type: 'last', last: path, first: reader.string('first') ?? null, more, until };
    default:
      return kind satisfies never;
  }
}
