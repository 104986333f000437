import { isBrokenCircuitError, isBulkheadRejectedError } from 'cockatiel';
import { EnricherError } from '../shared/errors.js';
import { RateLimitedError } from './crm.provider.js';

/** Why a provider gave no answer, in the three classes that differ in what to do. */
export interface Failure {
  readonly kind: 'unavailable' | 'rate_limited' | 'misconfigured';
  /** For the log and the health page, without personal data. */
  readonly message: string;
}

/** The failure behind whatever was thrown. Words that we did not write are not repeated: they may name a person. */
export function toFailure(error: unknown): Failure {
  if (error instanceof RateLimitedError) return { kind: 'rate_limited', message: error.message };
  if (error instanceof EnricherError)
    return { kind: error.code === 'CRM_MISCONFIGURED' ? 'misconfigured' : 'unavailable', message: error.message };
  return { kind: 'unavailable', message: ownWords(error) };
}

/** The provider told us earlier to wait, so it is not asked. */
export class BlockedError extends RateLimitedError {
  constructor(waitMs: number) {
    super(`it asked us to wait, for ${Math.ceil(waitMs / 1_000)} s more`, waitMs);
  }
}

/** The provider is spared: too many calls failed, or too many wait. */
export class LeftAloneError extends Error {
  override readonly name = 'LeftAloneError';

  constructor(message = 'it is left alone for a while, after too many failures') {
    super(message);
  }
}

/** Nobody waits for the answer any more. */
export class GivenUpError extends Error {
  override readonly name = 'GivenUpError';

  constructor() {
    super('the answer could wait no longer');
  }
}

/** The provider was not asked: it told us to wait, the breaker is open, or too many wait already. */
export function isBlocked(error: unknown): boolean {
  const isOurs = error instanceof BlockedError || error instanceof LeftAloneError;
  return isOurs || isBrokenCircuitError(error) || isBulkheadRejectedError(error);
}

function ownWords(error: unknown): string {
  if (error instanceof GivenUpError || error instanceof LeftAloneError) return error.message;
  if (isBulkheadRejectedError(error)) return 'too many look-ups wait for it';
  return isBlocked(error) ? 'it is left alone for a while, after too many failures' : 'the call failed';
}
