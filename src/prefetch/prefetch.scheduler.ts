import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { SchedulerRegistry } from '@nestjs/schedule';
import type { CustomerSource } from '../crm/customer-source.js';
import type { LastKnownStore } from '../crm/last-known.js';
import { OVERLAP_MS, prefetch, type PrefetchProgress, type PrefetchResult } from '../crm/prefetch.js';
import { CallsUnderWay } from '../shared/calls-under-way.js';
import type { PrefetchLease } from './prefetch-lease.js';

/** Hears of runs; none of it may throw. */
export interface PrefetchListener {
  began(provider: string): void;
  pageCame(provider: string, progress: PrefetchProgress, newCustomers: number): void;
  ended(provider: string, result: PrefetchResult, seconds: number): void;
  /** The lease could not be asked for. */
  failed(provider: string, error: Error): void;
}

export interface ScheduledSource {
  readonly source: CustomerSource;
  readonly everyMs: number;
}

export interface SchedulerParts {
  readonly sources: readonly ScheduledSource[];
  readonly store: LastKnownStore;
  readonly registry: SchedulerRegistry;
  readonly lease: PrefetchLease;
  readonly listener: PrefetchListener;
}

/** A start is not made slower by what can wait. */
const FIRST_RUN_AFTER_MS = 1_000;
/** Another replica fetches, or the store is away: when the one dies and the other is back, somebody goes on soon. */
const LOOK_AGAIN_MS = 10_000;
/** Replicas that start together, and providers at one CRM, do not run together: so much of a pause is random. */
const JITTER = 0.1;

/** Fetches customers ahead every so often: one run at a time for each provider, the first soon when one is due. */
export class PrefetchScheduler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #underWay = new CallsUnderWay();
  #isStopped = false;
  readonly #runs = new Set<Promise<void>>();

  constructor(private readonly parts: SchedulerParts) {}

  /** The store may be away, so it is asked what is due only after the start. */
  onApplicationBootstrap(): void {
    for (const scheduled of this.parts.sources) this.#schedule(scheduled, FIRST_RUN_AFTER_MS * (1 + Math.random()));
  }

  /** Whoever fetched last, here or on another replica, it counts for all. */
  async #dueInMs({ source, everyMs }: ScheduledSource): Promise<number> {
    const { completeUntil, open } = await this.parts.store.prefetchState(source.stored);
    return completeUntil === null || open !== null ? 0 : completeUntil + OVERLAP_MS + everyMs - Date.now();
  }

  /** Cuts runs off; they keep their place. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    this.#underWay.end(new Error('the service stops'));
    const { registry } = this.parts;
    for (const { source } of this.parts.sources)
      if (registry.doesExist('timeout', timerOf(source))) registry.deleteTimeout(timerOf(source));
    await Promise.all(this.#runs);
  }

  #schedule(scheduled: ScheduledSource, inMs: number): void {
    const { registry } = this.parts;
    const name = timerOf(scheduled.source);
    const timer = setTimeout(() => {
      registry.deleteTimeout(name);
      const run = this.#run(scheduled);
      this.#runs.add(run);
      void run.finally(() => this.#runs.delete(run));
    }, inMs);
    registry.addTimeout(name, timer.unref());
  }

  async #run(scheduled: ScheduledSource): Promise<void> {
    const { source, everyMs } = scheduled;
    let nextMs = everyMs;
    try {
      const dueMs = await this.#dueInMs(scheduled);
      const fetch = (held: AbortSignal) => this.#underWay.run(held, (signal) => this.#fetch(source, signal));
      const isOurs = dueMs <= 0 && (await this.parts.lease.hold(source.name, fetch));
      // A clock that was set back makes it due in years.
      if (dueMs > 0) nextMs = Math.min(dueMs, everyMs);
      else if (!isOurs) nextMs = LOOK_AGAIN_MS;
    } catch (error) {
      nextMs = Math.min(LOOK_AGAIN_MS, everyMs);
      if (!this.#isStopped) this.parts.listener.failed(source.name, error as Error);
    }
    if (!this.#isStopped) this.#schedule(scheduled, nextMs * (1 + JITTER * (Math.random() - 0.5)));
  }

  async #fetch(source: CustomerSource, signal: AbortSignal): Promise<void> {
    const { listener, store } = this.parts;
    const { name } = source;
    const startedAt = performance.now();
    let told = 0;
    const onPage = (progress: PrefetchProgress) => {
      listener.pageCame(name, progress, progress.newCustomers - told);
      told = progress.newCustomers;
    };
    listener.began(name);
    const result = await prefetch(source, store, { onPage }, signal);
    listener.ended(name, result, (performance.now() - startedAt) / 1_000);
  }
}

function timerOf({ name }: CustomerSource): string {
  return `crm-prefetch ${name}`;
}
