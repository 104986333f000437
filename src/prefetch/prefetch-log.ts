import { Logger } from '@nestjs/common';
import type { PrefetchProgress, PrefetchResult } from '../crm/prefetch.js';
import type { Metrics } from '../metrics/metrics.js';
import { describeProgress, describeResult } from './describe-prefetch.js';
import type { PrefetchListener } from './prefetch.scheduler.js';

/** A long run has a line every so often. */
const TELL_EVERY_MS = 10_000;

/** Tells of runs in the log, and counts them. */
export class PrefetchLog implements PrefetchListener {
  readonly #logger = new Logger('Prefetch');
  readonly #toldAt = new Map<string, number>();

  constructor(private readonly metrics: Metrics) {}

  began(provider: string): void {
    this.#toldAt.set(provider, performance.now());
  }

  pageCame(provider: string, progress: PrefetchProgress, newCustomers: number): void {
    this.metrics.crmPrefetchCustomers.inc({ provider }, newCustomers);
    const now = performance.now();
    if (now - (this.#toldAt.get(provider) ?? now) < TELL_EVERY_MS) return;
    this.#toldAt.set(provider, now);
    this.#logger.log(`Provider "${provider}": ${describeProgress(progress)}`);
  }

  ended(provider: string, result: PrefetchResult, seconds: number): void {
    const line = `Provider "${provider}": ${describeResult(result, seconds)}`;
    const { end } = result;
    if (end.kind === 'complete') this.metrics.crmPrefetchLastSuccessTimestamp.set({ provider }, Date.now() / 1_000);
    if (end.kind !== 'failed') this.#logger.log(line);
    else if (end.failure.kind === 'misconfigured') this.#logger.error(line);
    else this.#logger.warn(line);
  }

  failed(provider: string, { message }: Error): void {
    this.#logger.warn(`Provider "${provider}": nobody knows whose turn it is (${message})`);
  }
}
