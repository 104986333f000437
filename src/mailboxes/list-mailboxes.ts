import { EnricherError } from '../shared/errors.js';
import { type ListedMailbox, readListing } from './read-listing.js';

export interface EmailgisticsApi {
  /** The region's address, such as `https://c1.emailgistics.com`. */
  readonly baseUrl: URL;
  /** Printable ASCII, without spaces. */
  readonly key: string;
  /** For the whole answer. */
  readonly timeoutMs?: number;
}

const PATH = 'api/v1/admin/mailboxes';
const TIMEOUT_MS = 30_000;
const MAX_BODY_BYTES = 10_000_000;
const JSON_TYPE = /^application\/([\w.-]+\+)?json\s*(;|$)/i;

/**
 * The active mailboxes that the key may see.
 *
 * @throws EnricherError `EMAILGISTICS_REFUSED`, `EMAILGISTICS_RATE_LIMITED`, `EMAILGISTICS_UNAVAILABLE` or
 *   `EMAILGISTICS_ANSWER_UNUSABLE`; never with the key in it
 * @source Emailgistics API documentation, "List mailboxes", "Errors", "Rate limits"
 */
export async function listMailboxes({
  baseUrl,
  key,
  timeoutMs = TIMEOUT_MS,
}: EmailgisticsApi): Promise<ListedMailbox[]> {
  const url = new URL(PATH, baseUrl.href.replace(/\/*$/, '/'));
  const signal = AbortSignal.timeout(timeoutMs);
  let body: string;
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${key}`, accept: 'application/json' },
      // The key is for this address, not for one that it points to.
      redirect: 'error',
      signal,
    });
    body = await readAnswer(response, url);
  } catch (error) {
    throw error instanceof EnricherError
      ? error
      : describeFailure(error as Error, url, signal.aborted ? timeoutMs : null);
  }
  return readListing(parseJson(body, url));
}

async function readAnswer(response: Response, url: URL): Promise<string> {
  const type = response.headers.get('content-type') ?? '';
  const fault = faultOfStatus(response.status, url) ?? (JSON_TYPE.test(type) ? null : notJson(url, type));
  if (fault !== null) {
    await response.body?.cancel();
    throw fault;
  }
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).length;
    if (size > MAX_BODY_BYTES) {
      throw new EnricherError(
        'EMAILGISTICS_ANSWER_UNUSABLE',
        `The answer of ${url.href} is larger than ${MAX_BODY_BYTES / 1e6} MB, which no list of mailboxes is`,
      );
    }
    text += decoder.decode(chunk as Uint8Array, { stream: true });
  }
  return text + decoder.decode();
}

function faultOfStatus(status: number, url: URL): EnricherError | null {
  if (status === 200) return null;
  if (status === 401)
    return refused(
      'Emailgistics does not know the API key (401): it is wrong, expired or deleted. See Admin → API Access',
    );
  if (status === 403)
    return refused(
      'The API key may not list mailboxes (403): it needs the scope "reporting", which is chosen when a key is made',
    );
  if (status === 404)
    return refused(
      `There is nothing at ${url.href} (404): the address must be the region's alone, such as https://c1.emailgistics.com`,
    );
  if (status === 429)
    return new EnricherError(
      'EMAILGISTICS_RATE_LIMITED',
      'Too many requests (429): Emailgistics takes 100 a minute from an account, all its keys together. Wait at least a minute',
    );
  if (status >= 500)
    return new EnricherError(
      'EMAILGISTICS_UNAVAILABLE',
      `${url.origin} has a fault of its own (${status}). Try again later`,
    );
  return new EnricherError('EMAILGISTICS_ANSWER_UNUSABLE', `${url.href} answers with ${status} where 200 is expected`);
}

function refused(message: string): EnricherError {
  return new EnricherError('EMAILGISTICS_REFUSED', message);
}

function notJson(url: URL, type = ''): EnricherError {
  const what = /^[\w.+/-]+/.exec(type)?.[0] ?? 'something else';
  return new EnricherError(
    'EMAILGISTICS_ANSWER_UNUSABLE',
    `${url.href} answers with ${what}, not JSON: is it the address of the API, and no proxy or sign-in page in between?`,
  );
}

function parseJson(body: string, url: URL): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw notJson(url);
  }
}

/** @param timeoutMs that is over, or null */
function describeFailure(error: Error, url: URL, timeoutMs: number | null): EnricherError {
  const cause = error.cause as NodeJS.ErrnoException | undefined;
  // Undici gives this failure no code.
  if (cause?.message === 'unexpected redirect') {
    return new EnricherError(
      'EMAILGISTICS_ANSWER_UNUSABLE',
      `${url.href} sends us elsewhere, and the key does not go there: use the final address`,
    );
  }
  const reason =
    timeoutMs === null ? (cause?.code ?? 'the connection failed') : `no whole answer within ${timeoutMs} ms`;
  return new EnricherError('EMAILGISTICS_UNAVAILABLE', `Cannot ask ${url.origin}: ${reason}`, { cause: error });
}
