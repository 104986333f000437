import type { Agent, IncomingHttpHeaders } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Envelope } from '../../src/enrichment/envelope.js';
import { checkEnvelope } from './check-envelope.js';
import { send } from './http.js';

/**
 * What the message got: `applied` its actions, `nothing` because there was nothing to do, `error_status` an error that
 * administrators see, or `lost` because no answer that counts ever came.
 */
export type SenderOutcome = 'applied' | 'nothing' | 'error_status' | 'lost';

export type Attempt =
  | { readonly status: number; readonly text: string; readonly headers: IncomingHttpHeaders }
  /** The connection failed, or the answer did not come in time. */
  | { readonly error: string };

export interface DeliveryRecord {
  readonly attempts: readonly Attempt[];
  readonly outcome: SenderOutcome;
  /** Of the last attempt; null when it had none. */
  readonly envelope: Envelope | null;
  /** Why the last attempt's 200 is no envelope. */
  readonly violations: readonly string[];
}

export interface SenderOptions {
  /** The endpoint of the webhook definition. */
  readonly url: string;
  /** Without one, no `Authorization` header is sent. */
  readonly secret?: string;
  /** Per attempt. */
  readonly timeoutMs?: number;
  /** The documentation says both: a 429 ends like every 4xx, and it is waited for and retried. */
  readonly tooManyRequests?: 'retried' | 'terminal';
  /** Between attempts; the documentation names no number. */
  readonly retryWaitMs?: number;
  /** Default: really waits. */
  readonly wait?: (ms: number) => Promise<unknown>;
  /** Default: a connection for each attempt. */
  readonly agent?: Agent;
}

const TIMEOUT_MS = 100_000;
const MAX_ATTEMPTS = 3;
const RETRY_WAIT_MS = 1_000;
const MAX_RETRY_AFTER_MS = 10_000;

/**
 * Emailgistics as a sender: what it sends, how long it waits, what it tries again, and what it makes of the answer.
 *
 * @source Emailgistics webhook documentation, "Request payload" (headers) and "Delivery"
 */
export class SenderSimulator {
  readonly #options;

  constructor(options: SenderOptions) {
    this.#options = {
      timeoutMs: TIMEOUT_MS,
      tooManyRequests: 'retried' as const,
      retryWaitMs: RETRY_WAIT_MS,
      wait: (ms: number): Promise<unknown> => pause(ms),
      ...options,
    };
  }

  /** Delivers one message; a text is sent as it stands. */
  async deliver(payload: unknown): Promise<DeliveryRecord> {
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
    const attempts: Attempt[] = [];
    for (;;) {
      const attempt = await this.#attempt(body);
      attempts.push(attempt);
      const waitMs = attempts.length < MAX_ATTEMPTS ? this.#waitBeforeNext(attempt) : null;
      if (waitMs === null) return { attempts, ...conclude(attempt) };
      await this.#options.wait(waitMs);
    }
  }

  async #attempt(body: string): Promise<Attempt> {
    const { url, secret, timeoutMs, agent } = this.#options;
    try {
      const { status, text, headers } = await send(url, {
        headers: {
          'user-agent': 'Emailgistics/7.3.1',
          'content-type': 'application/json',
          ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
        },
        body,
        signal: AbortSignal.timeout(timeoutMs),
        ...(agent === undefined ? {} : { agent }),
      });
      return { status, text, headers };
    } catch (error) {
      const { code, cause } = error as NodeJS.ErrnoException & { cause?: { name?: string } };
      return { error: cause?.name ?? code ?? String(error) };
    }
  }

  /** Milliseconds until the next attempt, null when this one was the last. */
  #waitBeforeNext(attempt: Attempt): number | null {
    const { retryWaitMs, tooManyRequests } = this.#options;
    if ('error' in attempt || attempt.status >= 500) return retryWaitMs;
    if (attempt.status !== 429 || tooManyRequests === 'terminal') return null;
    const seconds = Number(attempt.headers['retry-after'] ?? Number.NaN);
    return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0) * 1000, MAX_RETRY_AFTER_MS) : retryWaitMs;
  }
}

function conclude(last: Attempt): Omit<DeliveryRecord, 'attempts'> {
  if ('error' in last || last.status !== 200) return { outcome: 'lost', envelope: null, violations: [] };
  const check = checkEnvelope(last.text);
  if (!check.ok) return { outcome: 'lost', envelope: null, violations: check.violations };
  const { envelope } = check;
  if (envelope.status === 'error') return { outcome: 'error_status', envelope, violations: [] };
  return { outcome: (envelope.actions ?? []).length > 0 ? 'applied' : 'nothing', envelope, violations: [] };
}
