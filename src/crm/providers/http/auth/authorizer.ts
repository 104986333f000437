import { isTaskCancelledError, timeout, TimeoutStrategy } from 'cockatiel';
import { EnricherError } from '../../../../shared/errors.js';
import { Flights } from '../../../flights.js';
import type { AuthOptions } from './auth-options.js';
import { type AccessToken, requestToken } from './request-token.js';

/** What a request is authorised with. */
export interface Grant {
  readonly headers: Readonly<Record<string, string>>;
  /** Where the API is, as the token's answer said; null when it did not. */
  readonly apiUrl: string | null;
}

/** Authorises requests, and keeps a token for as long as it is good. */
export interface Authorizer {
  grant(signal: AbortSignal): Promise<Grant>;
  /** Gives up what was refused. False when there is nothing better to be had. */
  renew(refused: Grant): boolean;
}

export function makeAuthorizer(options: AuthOptions): Authorizer {
  if (options.type !== 'oauth2') {
    const grant = { headers: options.type === 'none' ? {} : options.headers, apiUrl: null };
    return { grant: () => Promise.resolve(grant), renew: () => false };
  }
  return new TokenAuthorizer((signal) => requestToken(options, signal), options.scheme);
}

/** Longest wait for a token. Without it, callers that come one after the other would wait together for one that never comes. */
const TOKEN_TIMEOUT_MS = 10_000;
const limit = timeout(TOKEN_TIMEOUT_MS, TimeoutStrategy.Aggressive);

/** However many ask at once, one token is fetched. */
class TokenAuthorizer implements Authorizer {
  #kept: { readonly token: AccessToken; readonly grant: Grant } | undefined;
  readonly #flights = new Flights<Grant>();

  constructor(
    private readonly fetchToken: (signal: AbortSignal) => Promise<AccessToken>,
    private readonly scheme: string,
  ) {}

  grant(signal: AbortSignal): Promise<Grant> {
    const { token, grant } = this.#kept ?? {};
    const isGood = token !== undefined && (token.expiresAtMs ?? Infinity) > Date.now();
    if (isGood && grant !== undefined) return Promise.resolve(grant);
    return this.#flights.join('token', (shared) => this.#fetch(shared), signal);
  }

  renew(refused: Grant): boolean {
    if (this.#kept?.grant === refused) this.#kept = undefined;
    return true;
  }

  async #fetch(signal: AbortSignal): Promise<Grant> {
    try {
      const token = await limit.execute(({ signal: limited }) => this.fetchToken(limited), signal);
      const grant = { headers: { authorization: `${this.scheme} ${token.text}` }, apiUrl: token.apiUrl };
      this.#kept = { token, grant };
      return grant;
    } catch (error) {
      throw isTaskCancelledError(error) ? tooSlow(error) : error;
    }
  }
}

function tooSlow(cause: unknown): EnricherError {
  const seconds = TOKEN_TIMEOUT_MS / 1_000;
  return new EnricherError('CRM_UNAVAILABLE', `the token endpoint gave no answer within ${seconds} s`, { cause });
}
