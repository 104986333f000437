import { EnricherError } from '../../../../shared/errors.js';
import type { AuthOptions } from './auth-options.js';
import { type AccessToken, requestToken } from './request-token.js';
import { SingleFlight } from './single-flight.js';

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
const TOKEN_LIMIT = {
  ms: 10_000,
  error: () => new EnricherError('CRM_UNAVAILABLE', 'the token endpoint gave no answer within 10 s'),
};

/** However many ask at once, one token is fetched. */
class TokenAuthorizer implements Authorizer {
  #kept: { readonly token: AccessToken; readonly grant: Grant } | undefined;
  readonly #flight: SingleFlight<Grant>;

  constructor(fetchToken: (signal: AbortSignal) => Promise<AccessToken>, scheme: string) {
    this.#flight = new SingleFlight(async (signal) => {
      const token = await fetchToken(signal);
      const grant = { headers: { authorization: `${scheme} ${token.text}` }, apiUrl: token.apiUrl };
      this.#kept = { token, grant };
      return grant;
    }, TOKEN_LIMIT);
  }

  grant(signal: AbortSignal): Promise<Grant> {
    const { token, grant } = this.#kept ?? {};
    const isGood = token !== undefined && (token.expiresAtMs ?? Infinity) > Date.now();
    return isGood && grant !== undefined ? Promise.resolve(grant) : this.#flight.run(signal);
  }

  renew(refused: Grant): boolean {
    if (this.#kept?.grant === refused) this.#kept = undefined;
    return true;
  }
}
