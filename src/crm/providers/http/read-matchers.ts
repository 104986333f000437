import { valueOf } from '../../../files/json-document.js';
import { ObjectReader } from '../../../files/object-reader.js';
import type { AnswerMatcher, Outcomes, RateLimitMatcher } from './connector.js';
import { listAt, readPath } from './read-path.js';
import type { Scope } from './template.js';

export const MATCHER_KEYS = ['description', 'status', 'body', 'is', 'missing', 'empty'];
/** The keys of a connector, or of a request, that say what answers mean. */
export const OUTCOME_KEYS = ['notFoundWhen', 'rateLimitedWhen', 'retryOn', 'misconfiguredOn'];
export const RATE_LIMIT_KEYS = [...MATCHER_KEYS, 'waitSeconds', 'waitHeader'];

export function readOutcomes(reader: ObjectReader, constants: Scope['constants']): Outcomes {
  const matchers = (key: string, keys = MATCHER_KEYS) => readMatchers(reader, key, keys, constants);
  return {
    notFound: matchers('notFoundWhen').map(({ matcher }) => matcher),
    rateLimited: matchers('rateLimitedWhen', RATE_LIMIT_KEYS).map(readWait),
    retry: matchers('retryOn').map(({ matcher }) => matcher),
    misconfigured: matchers('misconfiguredOn').map(({ matcher }) => matcher),
  };
}

interface Read {
  readonly reader: ObjectReader;
  readonly matcher: AnswerMatcher;
}

function readMatchers(
  parent: ObjectReader,
  key: string,
  keys: readonly string[],
  constants: Scope['constants'],
): Read[] {
  return (parent.array(key) ?? []).flatMap((node) => {
    const reader = ObjectReader.of(parent.document, node, `an entry of "${key}"`);
    if (reader === undefined) return [];
    reader.allow(keys, `"${key}"`);
    return [{ reader, matcher: readMatcher(reader, key, constants) }];
  });
}

function readMatcher(reader: ObjectReader, key: string, constants: Scope['constants']): AnswerMatcher {
  const says = ['status', 'body', 'missing', 'empty'].filter((name) => reader.has(name));
  if (says.length === 0)
    reader.document.error(reader.node, `an entry of "${key}" needs "status", "body", "missing" or "empty"`);
  if (reader.has('body') !== reader.has('is'))
    reader.document.error(reader.node, '"body" (a path in the answer) and "is" (its values) go together');
  const path = readPath(reader, 'body', constants);
  return {
    statuses: readStatuses(reader),
    body: path === undefined ? null : { path, values: listAt(reader, 'is').map((node) => valueOf(node)) },
    missing: readPath(reader, 'missing', constants) ?? null,
    isEmpty: reader.boolean('empty') ?? null,
  };
}

function readStatuses(reader: ObjectReader): number[] | null {
  if (!reader.has('status')) return null;
  return listAt(reader, 'status').flatMap((node) => {
    const status: unknown = valueOf(node);
    if (typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599) return [status];
    reader.document.error(node, '"status" must be an HTTP status from 200 to 599, or a list of them');
    return [];
  });
}

function readWait({ reader, matcher }: Read): RateLimitMatcher {
  return {
    ...matcher,
    waitSeconds: reader.integer('waitSeconds', 1, 7 * 86_400) ?? null,
    waitHeader: reader.string('waitHeader')?.toLowerCase() ?? null,
  };
}
