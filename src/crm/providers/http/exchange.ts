import { EnricherError } from '../../../shared/errors.js';
import { type Answer, readAnswer } from './answer.js';

/** A request, ready to be sent. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  /** Names in lower case; they go before ours. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/**
 * Sends a request and reads the answer. Redirects are not followed: they would take the secret elsewhere.
 *
 * @param who names the request in messages: what it is for, and the host
 * @throws EnricherError `CRM_UNAVAILABLE` when there is no whole answer, `CRM_MISCONFIGURED` for a redirect or one of more than 1 MB; the
 *   signal's reason when it aborts
 */
export async function exchange(
  { url, headers, ...request }: HttpRequest,
  who: string,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const response = await fetch(url, {
      ...request,
      headers: { ...OWN_HEADERS, ...headers },
      redirect: 'manual',
      signal,
    });
    if (response.status >= 300 && response.status < 400 && response.status !== NOT_MODIFIED) {
      await response.body?.cancel();
      throw new EnricherError('CRM_MISCONFIGURED', `${who} answered ${response.status}, a redirect ${REDIRECT_HINT}`);
    }
    return await readAnswer(response, who);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof EnricherError) throw error;
    throw new EnricherError('CRM_UNAVAILABLE', `${who} gave no whole answer (${reasonOf(error)})`, { cause: error });
  }
}

const OWN_HEADERS = { accept: 'application/json', 'user-agent': 'enricher' };
const NOT_MODIFIED = 304;
const REDIRECT_HINT = '(never followed, it would take the secret elsewhere); correct the address in the configuration';

/** The system's or TLS's code of what broke: fetch's own words say only that it failed. */
function reasonOf(error: unknown): string {
  for (let at = error; typeof at === 'object' && at !== null; at = (at as Error).cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === 'string' && /^\w+$/.test(code)) return code;
  }
  return 'the connection broke';
}
