import {
  bulkhead,
  type BulkheadPolicy,
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
  wrap,
} from 'cockatiel';
import { EnricherError } from '../shared/errors.js';
import { type CrmMatch, RateLimitedError } from './crm.provider.js';
import { BlockedError, GivenUpError, isBlocked, toFailure } from './failure.js';
import type { CallResult, LookupObserver } from './lookup-observer.js';
import type { ProtectionOptions } from './protection-options.js';

export type BreakerState = 'closed' | 'half_open' | 'open';

/** The breaker looks at the last calls, however long ago: a mailbox may get one message an hour. */
const LAST_CALLS = 20;
const FEWEST_CALLS = 5;
const FAILURE_RATE = 0.5;
/** Longest pause before the second try, in milliseconds; the pause is a random part of it (full jitter). */
const RETRY_PAUSE_MS = 400;
/** More are not worth waiting for: they would be answered after their deadline. */
const MAX_WAITING = 10_000;
/** A provider that asks for more is asked again after this. */
const MAX_BLOCK_MS = 24 * 3_600_000;

/**
 * Stands between us and one provider: at most two tries, each within a time; at most so many at once; and nobody is asked for a while when
 * too many calls failed, or when the provider said so (`Retry-After`).
 */
export class Guard {
  readonly #breaker: CircuitBreakerPolicy;
  readonly #tries: IPolicy;
  readonly #limit: IPolicy;
  #blockedUntil = 0;
  #announced: BreakerState = 'closed';

  constructor(
    private readonly name: string,
    private readonly options: ProtectionOptions,
    private readonly observer: LookupObserver,
  ) {
    const { timeoutMs, maxConcurrent, breakerOpenMs } = options;
    this.#breaker = circuitBreaker(
      handleWhen((error) => this.#countsAsFailure(error)),
      {
        halfOpenAfter: breakerOpenMs,
        breaker: new CountBreaker({ threshold: FAILURE_RATE, size: LAST_CALLS, minimumNumberOfCalls: FEWEST_CALLS }),
      },
    );
    this.#breaker.onStateChange(() => this.#announce());
    const again = retry(
      handleWhen((error) => this.#mayHelpToRetry(error)),
      {
        maxAttempts: 1,
        backoff: new DelegateBackoff(({ result }) => pauseBefore('error' in result ? result.error : null)),
      },
    );
    const places: BulkheadPolicy = bulkhead(maxConcurrent, MAX_WAITING);
    this.#tries = wrap(again, places);
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
   * @throws what the call threw last; `BrokenCircuitError` or `BulkheadRejectedError` when it was not made
   */
  call(ask: (signal: AbortSignal) => Promise<CrmMatch>, signal: AbortSignal): Promise<CrmMatch> {
    return this.#tries.execute(() => {
      this.#throwIfBlocked();
      return this.#breaker.execute(() => this.#observe(() => this.#once(ask, signal)));
    }, signal);
  }

  /** One try, whatever the breaker says, and not counted by it: for checks that people ask for. */
  async check(call: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    this.#throwIfBlocked();
    await this.#once(call, signal);
  }

  async #once<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await this.#limit.execute(({ signal: limited }) => call(limited), signal);
    } catch (error) {
      if (signal.aborted) throw new GivenUpError();
      if (isTaskCancelledError(error) || (error as Error).name === 'AbortError')
        throw new EnricherError('CRM_UNAVAILABLE', `no answer within ${this.options.timeoutMs} ms`, { cause: error });
      if (error instanceof RateLimitedError) this.#block(error.retryAfterMs);
      throw error;
    }
  }

  async #observe(ask: () => Promise<CrmMatch>): Promise<CrmMatch> {
    const startedAt = performance.now();
    const report = (result: CallResult) =>
      this.observer.called(this.name, result, (performance.now() - startedAt) / 1_000);
    try {
      const match = await ask();
      report(match.kind);
      return match;
    } catch (error) {
      report(toFailure(error).kind);
      throw error;
    } finally {
      this.#announce();
    }
  }

  #announce(): void {
    if (this.#announced === this.state) return;
    this.#announced = this.state;
    this.observer.breakerChanged(this.name, this.state);
  }

  #block(retryAfterMs: number | null): void {
    const until = Date.now() + Math.min(retryAfterMs ?? 0, MAX_BLOCK_MS);
    this.#blockedUntil = Math.max(this.#blockedUntil, until);
  }

  #throwIfBlocked(): void {
    const waitMs = this.#waitMs();
    if (waitMs > 0) throw new BlockedError(waitMs);
  }

  #waitMs(): number {
    return this.#blockedUntil - Date.now();
  }

  /** A refusal is for people to mend and says nothing of how the provider is; nor does a call that nobody waited for, unless it was the test. */
  #countsAsFailure(error: unknown): boolean {
    if (error instanceof GivenUpError) return this.#breaker.state === CircuitState.HalfOpen;
    return toFailure(error).kind !== 'misconfigured';
  }

  #mayHelpToRetry(error: unknown): boolean {
    if (error instanceof RateLimitedError) return (error.retryAfterMs ?? 0) <= this.options.timeoutMs;
    return error instanceof EnricherError ? error.code === 'CRM_UNAVAILABLE' : isForeign(error);
  }
}

/** Thrown by a provider that does not say what it means: it may have been the network. */
function isForeign(error: unknown): boolean {
  return !(error instanceof GivenUpError) && !isTaskCancelledError(error) && !isBlocked(error);
}

function pauseBefore(error: unknown): number {
  const wanted = error instanceof RateLimitedError ? error.retryAfterMs : null;
  return wanted ?? Math.random() * RETRY_PAUSE_MS;
}
