import { EnricherError } from '../../../../shared/errors.js';
import { isObject } from '../../../../shared/is-object.js';
import { classify } from '../classify.js';
import { parseDataPath, readData } from '../data-path.js';
import { exchange } from '../exchange.js';
import type { OAuth2Options } from './auth-options.js';
import { signJwt } from './sign-jwt.js';

export interface AccessToken {
  readonly text: string;
  /** When it must no longer be used, in milliseconds since 1970; null when only a 401 tells. */
  readonly expiresAtMs: number | null;
  /** Where the API is, as the answer says; null when it does not. */
  readonly apiUrl: string | null;
}

/** A token is given up so long before its end, or for a tenth of its life if that is less. */
const MARGIN_MS = 60_000;

/**
 * A new access token.
 *
 * @throws EnricherError `CRM_MISCONFIGURED` when we are refused one, `CRM_UNAVAILABLE`; RateLimitedError
 */
export async function requestToken(options: OAuth2Options, signal: AbortSignal): Promise<AccessToken> {
  const { tokenUrl, grant, baseUrlFrom } = options;
  const who = `the token endpoint at ${tokenUrl.host}`;
  const nowMs = Date.now();
  const form = grant.type === 'jwt' ? { ...grant.form, assertion: signJwt(grant.claims, nowMs) } : grant.form;
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    ...(grant.type === 'fixed' ? grant.headers : {}),
  };
  const body = new URLSearchParams(form).toString();
  const answer = await exchange({ method: 'POST', url: tokenUrl, headers, body }, who, signal);
  const outcome = classify(answer, { who, outcomes: [], mayFindNothing: false, secrets: Object.values(form) });
  const { json } = answer;
  const text = isObject(json) ? json['access_token'] : undefined;
  if (outcome === 'not_found' || typeof text !== 'string' || !/^[\x21-\x7e]+$/.test(text))
    throw new EnricherError(
      'CRM_MISCONFIGURED',
      `${who} answered ${answer.status} without an access token${errorWord(json)}; check the address and the credentials`,
    );
  const apiUrl = baseUrlFrom === null ? undefined : readData(json, parseDataPath(baseUrlFrom));
  return { text, expiresAtMs: expiry(json, nowMs), apiUrl: typeof apiUrl === 'string' ? apiUrl : null };
}

/** Some answer 200 with an error. */
function errorWord(json: unknown): string {
  const word = isObject(json) ? json['error'] : undefined;
  return typeof word === 'string' && /^[a-z_]{1,40}$/.test(word) ? ` (${word})` : '';
}

function expiry(json: unknown, nowMs: number): number | null {
  const lifeMs = Number(isObject(json) ? (json['expires_in'] ?? NaN) : NaN) * 1000;
  return Number.isFinite(lifeMs) ? nowMs + lifeMs - Math.min(MARGIN_MS, lifeMs / 10) : null;
}
