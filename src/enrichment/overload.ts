import { getHeapStatistics } from 'node:v8';
import { Logger } from '@nestjs/common';
import type { Metrics } from '../metrics/metrics.js';
import type { Intake } from './intake.js';

/** How loaded the process is. */
export interface Load {
  /** How much later than due timers came lately, on average. */
  readonly eventLoopDelayMs: number;
  /** Another number when the event loop has turned. */
  readonly turn: number;
  /** How long the present turn takes so far. */
  readonly turnMs: number;
  readonly heapUsedBytes: number;
}

export interface LoadLimits {
  readonly maxInFlight: number;
  /** With fewer in flight, or taken in within a turn, a late event loop is no reason to refuse. */
  readonly fewInFlight: number;
  /** Announced bodies of the deliveries in flight. */
  readonly maxInFlightBytes: number;
  /** From here on some are refused, at twice this all, in between by share: a queue that is cut gently does not swing. */
  readonly maxEventLoopDelayMs: number;
  readonly maxHeapUsedBytes: number;
}

export type OverloadReason = 'event_loop' | 'heap' | 'in_flight' | 'in_flight_bytes';

export interface OverloadOptions {
  readonly limits: LoadLimits;
  readonly measure: () => Load;
  /** From 0 to below 1. Default: by chance. */
  readonly random?: () => number;
  /** Milliseconds on a clock that only moves on. Default: the process's. */
  readonly now?: () => number;
}

/** An answer takes several turns of the loop: at this delay some seconds, of the 100 s that the sender waits. */
const MAX_EVENT_LOOP_DELAY_MS = 500;
/** One late turn is a burst or the garbage collector. When it was late on average, a turn takes in what it can do in so long. */
const LATE_MS = 100;
const MAX_TURN_MS = 250;
/** So few, as a share of the most, are answered in time by a loop that is late: a burst, or a machine that is busy with others. */
const FEW_SHARE = 0.2;
/** Above it the garbage collector gets most of the time, and then the process ends. */
const HEAP_SHARE = 0.85;
/** A payload takes up to twice its size while it is parsed. */
const IN_FLIGHT_SHARE = 0.25;
/** The sender waits no longer than this, whatever it is told. */
const MAX_RETRY_AFTER_SECONDS = 10;
/** So much of the wait may come from how long it has lasted; the rest is chance and spreads those that come again. */
const MAX_LEAST_SECONDS = 5;
/** Nobody was refused for so long, and there is room: it is over. */
const QUIET_MS = 5_000;
const LOOK_AGAIN_MS = 1_000;

/** The limits of this process; only the count is the operator's to set. */
export function loadLimits(maxInFlight: number): LoadLimits {
  const { heap_size_limit: heapBytes } = getHeapStatistics();
  return {
    maxInFlight,
    fewInFlight: Math.floor(maxInFlight * FEW_SHARE),
    maxInFlightBytes: heapBytes * IN_FLIGHT_SHARE,
    maxEventLoopDelayMs: MAX_EVENT_LOOP_DELAY_MS,
    maxHeapUsedBytes: heapBytes * HEAP_SHARE,
  };
}

/**
 * Decides whether one more delivery can be taken in, before anything of its body is read. Waiting for a CRM is no load: a delivery
 * that waits costs its memory, and that is what the count and the bytes bound. A busy event loop is none either while it turns.
 */
export class Overload {
  readonly #options;
  #begun: { readonly at: number; lastAt: number; refused: number } | null = null;
  #turn = { number: 0, takenIn: 0 };
  #end: NodeJS.Timeout | undefined;

  constructor(
    private readonly intake: Intake,
    private readonly metrics: Metrics,
    options: OverloadOptions,
  ) {
    this.#options = { random: Math.random, now: () => performance.now(), ...options };
  }

  /**
   * Null when there is room, else after how many seconds to send again: 1 to 10, spread by chance, longer when it lasts.
   *
   * @param bodyBytes as the request announces it; 0 when it does not
   */
  refuse(bodyBytes: number): number | null {
    const reason = this.#reason(bodyBytes);
    if (reason === null) {
      this.#turn.takenIn++;
      return null;
    }
    this.metrics.overloadRefusals.inc({ reason });
    const lastedSeconds = this.#lasts(reason) / 1000;
    const least = Math.min(1 + Math.floor(lastedSeconds), MAX_LEAST_SECONDS);
    return least + Math.floor(this.#options.random() * (MAX_RETRY_AFTER_SECONDS - least + 1));
  }

  close(): void {
    clearTimeout(this.#end);
  }

  #reason(bodyBytes: number): OverloadReason | null {
    const { limits, measure } = this.#options;
    const { eventLoopDelayMs, turn, turnMs, heapUsedBytes } = measure();
    const { inFlight, inFlightBytes } = this.intake;
    if (turn !== this.#turn.number) this.#turn = { number: turn, takenIn: 0 };
    // What is answered at once is never in flight for long, and makes a turn as late.
    if (Math.max(inFlight, this.#turn.takenIn) >= limits.fewInFlight) {
      const refusedShare = eventLoopDelayMs / limits.maxEventLoopDelayMs - 1;
      if (refusedShare > this.#options.random()) return 'event_loop';
      if (eventLoopDelayMs > LATE_MS && turnMs > MAX_TURN_MS) return 'event_loop';
    }
    // With nothing in flight there is no memory that refusing would free: without this, garbage could keep the door shut.
    if (inFlight === 0) return null;
    if (inFlight >= limits.maxInFlight) return 'in_flight';
    if (inFlightBytes + bodyBytes > limits.maxInFlightBytes) return 'in_flight_bytes';
    return heapUsedBytes > limits.maxHeapUsedBytes ? 'heap' : null;
  }

  /** Remembers a refusal, and tells of the first one. Returns the milliseconds since that. */
  #lasts(reason: OverloadReason): number {
    const now = this.#options.now();
    if (this.#begun === null) {
      this.#begun = { at: now, lastAt: now, refused: 0 };
      new Logger('Overload').warn(
        `Overloaded (${this.#describe(reason)}): new deliveries get 429 and come again; those in flight are answered`,
      );
      this.#end = setTimeout(() => this.#endWhenQuiet(), QUIET_MS).unref();
    }
    this.#begun.lastAt = now;
    this.#begun.refused++;
    return now - this.#begun.at;
  }

  #endWhenQuiet(): void {
    if (this.#begun === null) return;
    const { at, lastAt, refused } = this.#begun;
    const quietMs = this.#options.now() - lastAt;
    const isOver = quietMs >= QUIET_MS && this.#reason(0) === null;
    if (!isOver) {
      this.#end = setTimeout(() => this.#endWhenQuiet(), Math.max(QUIET_MS - quietMs, LOOK_AGAIN_MS)).unref();
      return;
    }
    this.#begun = null;
    new Logger('Overload').log(
      `No longer overloaded: ${refused} deliveries were refused within ${Math.ceil((lastAt - at) / 1000)} s`,
    );
  }

  #describe(reason: OverloadReason): string {
    const { limits, measure } = this.#options;
    const { eventLoopDelayMs, heapUsedBytes } = measure();
    const megabytes = (bytes: number) => `${Math.round(bytes / 1_048_576)} MiB`;
    switch (reason) {
      case 'event_loop':
        return `the event loop is ${Math.round(eventLoopDelayMs)} ms late`;
      case 'heap':
        return `${megabytes(heapUsedBytes)} of heap are used, of ${megabytes(limits.maxHeapUsedBytes)}`;
      case 'in_flight':
        return `${this.intake.inFlight} deliveries are in flight, of MAX_IN_FLIGHT=${limits.maxInFlight}`;
      case 'in_flight_bytes':
        return `deliveries in flight take ${megabytes(this.intake.inFlightBytes)}, of ${megabytes(limits.maxInFlightBytes)}`;
      default:
        return reason satisfies never;
    }
  }
}
