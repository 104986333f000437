import { EnricherError } from '../../../shared/errors.js';
import { RateLimitedError } from '../../crm.provider.js';
import type { Answer } from './answer.js';
import type { AnswerMatcher, Outcomes, RateLimitMatcher } from './connector.js';
import { parseDataPath, readData } from './data-path.js';

/** What the status means where the connector says nothing else. */
const DEFAULT_HINTS: Readonly<Record<number, string>> = {
  400: 'the request is not as the API wants it; check the fields and the connector',
  401: 'the secret is not accepted; renew it in the configuration',
  403: 'the account behind the secret may not do this; give it the right to read contacts and companies',
  404: 'there is nothing at this address; check the host and the path',
  405: 'the API does not know this method; check the connector',
  410: 'this version of the API is gone; use a newer one',
  415: 'the API wants another content type; check the connector',
  422: 'the request is not as the API wants it; check the fields and the connector',
};

const PASSING: ReadonlySet<number> = new Set([408, 425]);

/** What is known of the request that was answered. */
export interface Asked {
  /** Names it in messages: what it is for, and the host. */
  readonly who: string;
  /** What the connector says that answers mean; the first that says something holds. */
  readonly outcomes: readonly Outcomes[];
  readonly mayFindNothing: boolean;
  /** Never part of a message, though the API may echo them. */
  readonly secrets: readonly string[];
}

/**
 * Whether an answer has content; `not_found` when it says that there is none.
 *
 * @throws EnricherError `CRM_UNAVAILABLE`, `CRM_MISCONFIGURED`; RateLimitedError
 */
export function classify(answer: Answer, { who, outcomes, mayFindNothing, secrets }: Asked): 'content' | 'not_found' {
  const { status, content } = answer;
  const said = `${who} answered ${status}${codeOf(answer, secrets)}`;
  for (const known of outcomes) if (toldBy(known, answer, said)) return 'not_found';
  if (status === 429) throw rateLimited(answer, said, undefined);
  if (status >= 500 || PASSING.has(status)) throw unavailable(said);
  // A 404 with a page comes from something else than the API.
  if (status === 304 || (status === 404 && mayFindNothing && content !== 'other')) return 'not_found';
  if (status >= 400) throw misconfigured(said, status);
  if (content === 'empty') return 'not_found';
  if (content === 'json') return 'content';
  const what = content === 'other' ? `${contentType(answer)} instead of JSON` : 'broken JSON';
  throw new EnricherError('CRM_MISCONFIGURED', `${said} with ${what}; is the address that of the API?`);
}

/** True when these say that there is nothing, false when they say nothing. */
function toldBy(outcomes: Outcomes, answer: Answer, said: string): boolean {
  const isOne = (matchers: readonly AnswerMatcher[]) => matchers.some((matcher) => holds(matcher, answer));
  const limit = outcomes.rateLimited.find((matcher) => holds(matcher, answer));
  if (limit !== undefined) throw rateLimited(answer, said, limit);
  if (isOne(outcomes.retry)) throw unavailable(said);
  if (isOne(outcomes.misconfigured)) throw misconfigured(said, answer.status);
  return isOne(outcomes.notFound);
}

function holds({ statuses, body, missing, isEmpty }: AnswerMatcher, answer: Answer): boolean {
  if (statuses !== null && !statuses.includes(answer.status)) return false;
  if (isEmpty !== null && (answer.content === 'empty') !== isEmpty) return false;
  if (missing !== null && (answer.content !== 'json' || isThere(readData(answer.json, missing)))) return false;
  return body === null || body.values.includes(readData(answer.json, body.path));
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function misconfigured(said: string, status: number): EnricherError {
  const hint = DEFAULT_HINTS[status] ?? 'check the connector and the account';
  return new EnricherError('CRM_MISCONFIGURED', `${said}: ${hint}`);
}

function unavailable(said: string): EnricherError {
  return new EnricherError('CRM_UNAVAILABLE', said);
}

function rateLimited(answer: Answer, said: string, limit: RateLimitMatcher | undefined): RateLimitedError {
  const waitMs = readWaitMs(answer.headers, limit);
  const wait = waitMs === null ? '' : ` for ${Math.ceil(waitMs / 1000)} s`;
  return new RateLimitedError(`${said}: it asks us to wait${wait}`, waitMs);
}

/** What the API said first, then what the connector knows of its limit. */
function readWaitMs(headers: Headers, limit: RateLimitMatcher | undefined): number | null {
  const { waitHeader = null, waitSeconds = null } = limit ?? {};
  const named = waitHeader === null ? null : headers.get(waitHeader);
  const known = waitSeconds === null ? null : waitSeconds * 1000;
  return toWaitMs(named) ?? toWaitMs(headers.get('retry-after')) ?? known;
}

/** Longer waits are a slip of whoever computed them. */
const MAX_WAIT_MS = 7 * 86_400_000;
/** Larger numbers of seconds are a time since 1970. */
const EARLIEST_TIME = 1_000_000_000;

/** Seconds from now, a time in seconds since 1970, or an HTTP date. @source RFC 9110 §10.2.3 */
function toWaitMs(text: string | null): number | null {
  if (text === null || text.trim() === '') return null;
  const number = Number(text);
  const at = Number.isNaN(number) ? Date.parse(text) : number * 1000;
  if (Number.isNaN(at)) return null;
  const isTime = Number.isNaN(number) || number >= EARLIEST_TIME;
  return Math.min(Math.max(0, isTime ? at - Date.now() : at), MAX_WAIT_MS);
}

/** Where APIs put a word for what went wrong. */
const CODE_PATHS = [
  'errorCode',
  'error_code',
  'code',
  'category',
  'error.code',
  'error.type',
  'error',
  '[0].errorCode',
  'errors[0].code',
].map(parseDataPath);
const CODE = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$/;

/** ` (MISSING_SCOPES)`: the API's own word, if it is one, and none that could be a secret. */
function codeOf({ json }: Answer, secrets: readonly string[]): string {
  const isTold = (code: string) =>
    secrets.some((secret) => secret.includes(code) || (secret.length >= 4 && code.includes(secret)));
  const code = CODE_PATHS.map((path) => readData(json, path)).find(
    (value): value is string => typeof value === 'string' && CODE.test(value) && !isTold(value),
  );
  return code === undefined ? '' : ` (${code})`;
}

function contentType({ headers }: Answer): string {
  const type = (headers.get('content-type') ?? '').split(';')[0]!.trim();
  return /^[\w.+/-]{1,60}$/.test(type) ? type : 'another content type';
}
