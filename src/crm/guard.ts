import {
  bulkhead,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  CountBreaker,
  DelegateBackoff,
  handleWhen,
  type IPolicy,
  isTaskCancelledError,
  retry,
  timeout,
  TimeoutStrategy,
} from 'cockatiel';
import { EnricherError } from '../shared/errors.js';
import { within } from '../shared/within.js';
import { type CrmMatch, RateLimitedError } from './crm.provider.js';
import { BlockedError, GivenUpError, isBlocked, LeftAloneError, toFailure } from './failure.js';
import type { CallResult, LookupObserver } from './lookup-observer.js';
import type { ProtectionOptions } from './protection-options.js';

export type BreakerState = 'closed' | 'half_open' | 'open';

/** How often a provider may be asked a second time for one message. */
export interface RetryBudget {
  left: number;
}

/** The breaker looks at the last calls, however long ago: a mailbox may get one message an hour. */
const LAST_CALLS = 20;
const FEWEST_CALLS = 5;
const FAILURE_RATE = 0.5;
/** So many refusals without an answer between them are no odd address any more: we are refused. */
const REFUSALS_IN_A_ROW = 5;
/** Longest pause before the second try, in milliseconds; the pause is a random part of it (full jitter). */
const RETRY_PAUSE_MS = 400;
const MAX_WAITING = 10_000;
/** A provider that asks for more is asked again after this. */
const MAX_BLOCK_MS = 24 * 3_600_000;

/**
 * Stands between us and one provider: at most two tries, each within a time; at most so many at once, and nobody waits long for a place; and
 * nobody is asked for a while when too many calls failed, or when the provider said so (`Retry-After`).
 */
export class Guard {
  readonly #breaker: CircuitBreakerPolicy;
  readonly #twice: IPolicy;
  readonly #places: IPolicy;
  readonly #limit: IPolicy;
  #refusedInARow = 0;
  /** By `performance.now()`: a clock that is set back must not prolong it. */
  #blockedUntil = 0;

  constructor(
    private readonly name: string,
    private readonly options: ProtectionOptions,
    private readonly observer: Pick<LookupObserver, 'called'>,
  ) {
    const { timeoutMs, maxConcurrent, breakerOpenMs } = options;
    this.#breaker = circuitBreaker(
      handleWhen((error) => this.#countsAsFailure(error)),
      {
        halfOpenAfter: breakerOpenMs,
        breaker: new CountBreaker({ threshold: FAILURE_RATE, size: LAST_CALLS, minimumNumberOfCalls: FEWEST_CALLS }),
      },
    );
    this.#twice = retry(
      handleWhen((error) => this.#mayHelpToRetry(error)),
      {
        maxAttempts: 1,
        backoff: new DelegateBackoff(({ result }) => pauseBefore('error' in result ? result.error : null)),
      },
    );
    this.#places = bulkhead(maxConcurrent, MAX_WAITING);
    this.#limit = timeout(timeoutMs, TimeoutStrategy.Aggressive);
  }

  /** `open` also while the provider has told us to wait. */
  get state(): BreakerState {
    if (this.#waitMs() > 0) return 'open';
    switch (this.#breaker.state) {
      case CircuitState.Closed:
        return 'closed';
      case CircuitState.HalfOpen:
        return 'half_open';
      default:
        return 'open';
    }
  }

  /**
   * Runs a call, with a signal that ends when nobody waits any more or the time is over.
   *
   * @param retries taken from when a second try is made
   * @throws what the call threw last; something that `isBlocked` knows when it was not made
   */
  call(ask: (signal: AbortSignal) => Promise<CrmMatch>, signal: AbortSignal, retries: RetryBudget): Promise<CrmMatch> {
    if (retries.left === 0) return this.#once(ask, signal);
    let tries = 0;
    return this.#twice.execute(() => {
      if (tries++ === 1) retries.left -= 1;
      return this.#once(ask, signal);
    }, signal);
  }

  /**
   * One try for a check that people ask for, also while the breaker is open, and not counted by it. Not made while the provider has told us
   * to wait, nor while one call tries whether it is back.
   */
  async check(call: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    this.#throwIfBlocked();
    await this.#places.execute(() => this.#limited(call, signal), signal);
  }

  /** One try, in its turn. Who waits for a place for as long as a call may take is better served by what is known. */
  async #once(ask: (signal: AbortSignal) => Promise<CrmMatch>, signal: AbortSignal): Promise<CrmMatch> {
    this.#throwIfBlocked();
    const started = Promise.withResolvers<void>();
    let hasGivenUp = false;
    const answer = this.#places.execute(() => {
      started.resolve();
      if (hasGivenUp || signal.aborted) throw new GivenUpError();
      this.#throwIfBlocked();
      return this.#breaker.execute(() => this.#observed(ask, signal));
    }, signal);
    answer.catch(() => started.resolve());
    try {
      await within(this.options.timeoutMs, () => started.promise);
    } catch {
      hasGivenUp = true;
      throw new LeftAloneError('too many look-ups wait for it');
    }
    return answer;
  }

  async #observed(ask: (signal: AbortSignal) => Promise<CrmMatch>, signal: AbortSignal): Promise<CrmMatch> {
    const startedAt = performance.now();
    const report = (result: CallResult) =>
      this.observer.called(this.name, result, (performance.now() - startedAt) / 1_000);
    try {
      const match = await this.#limited(ask, signal);
      this.#refusedInARow = 0;
      report(match.kind);
      return match;
    } catch (error) {
      const { kind } = toFailure(error);
      if (kind === 'misconfigured') this.#refusedInARow += 1;
      report(kind);
      throw error;
    }
  }

  async #limited<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await this.#limit.execute(({ signal: limited }) => call(limited), signal);
    } catch (error) {
      if (signal.aborted) throw new GivenUpError();
      if (isTaskCancelledError(error) || (error as Error).name === 'AbortError')
        throw new EnricherError('CRM_UNAVAILABLE', `no answer within ${this.options.timeoutMs} ms`, { cause: error });
      if (error instanceof RateLimitedError) this.#block(waitOf(error) ?? 0);
      throw error;
    }
  }

  #block(waitMs: number): void {
    this.#blockedUntil = Math.max(this.#blockedUntil, performance.now() + Math.min(waitMs, MAX_BLOCK_MS));
  }

  /** While one call tries whether the provider is back, the others are not held up for it. */
  #throwIfBlocked(): void {
    const waitMs = this.#waitMs();
    if (waitMs > 0) throw new BlockedError(waitMs);
    if (this.#breaker.state === CircuitState.HalfOpen) throw new LeftAloneError();
  }

  #waitMs(): number {
    return this.#blockedUntil - performance.now();
  }

  /** A refusal is for people to mend, unless everything is refused; a call that nobody waited for says nothing, unless it was the test. */
  #countsAsFailure(error: unknown): boolean {
    if (error instanceof GivenUpError) return this.#breaker.state === CircuitState.HalfOpen;
    return toFailure(error).kind !== 'misconfigured' || this.#refusedInARow >= REFUSALS_IN_A_ROW;
  }

  #mayHelpToRetry(error: unknown): boolean {
    if (error instanceof RateLimitedError) return (waitOf(error) ?? 0) <= this.options.timeoutMs;
    return error instanceof EnricherError ? error.code === 'CRM_UNAVAILABLE' : isForeign(error);
  }
}

/** Thrown by a provider that does not say what it means: it may have been the network. */
function isForeign(error: unknown): boolean {
  return !(error instanceof GivenUpError) && !isTaskCancelledError(error) && !isBlocked(error);
}

function pauseBefore(error: unknown): number {
  return waitOf(error) ?? Math.random() * RETRY_PAUSE_MS;
}

/** How long a provider asked us to wait, in milliseconds; null when it did not say anything that makes sense. */
function waitOf(error: unknown): number | null {
  if (!(error instanceof RateLimitedError)) return null;
  const { retryAfterMs } = error;
  return retryAfterMs !== null && Number.isFinite(retryAfterMs) && retryAfterMs >= 0 ? retryAfterMs : null;
}
