import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { isTaskCancelledError, timeout, TimeoutStrategy } from 'cockatiel';
import { EnricherError } from '../shared/errors.js';
import { TimeSlices } from '../shared/time-slices.js';
import { type CustomerPage, type ListedCustomer, RateLimitedError } from './crm.provider.js';
import type { CustomerSource } from './customer-source.js';
import { type Failure, toFailure } from './failure.js';
import type { LastKnown, LastKnownStore, PrefetchState } from './last-known.js';
import { idsOf } from './lookup-key.js';
import { Places } from './places.js';

export interface PrefetchOptions {
  /** Fetches everybody, not only those who changed since the last time. */
  readonly isFull?: boolean;
  /** Called after each page. */
  readonly onPage?: (progress: PrefetchProgress) => void;
  /** Default: by the clock. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface PrefetchProgress {
  /** Of the whole run, those before an interruption included. */
  readonly customers: number;
  /** Since it was begun or gone on with. */
  readonly newCustomers: number;
  readonly pages: number;
  /** It goes on with a run that was interrupted. */
  readonly isResumed: boolean;
}

/** `stopped` by the signal; it and `failed` keep their place for the next run. */
export type PrefetchEnd =
  | { readonly kind: 'complete' }
  | { readonly kind: 'stopped' }
  | ({ readonly kind: 'failed' } & { readonly failure: Failure });

export interface PrefetchResult extends PrefetchProgress {
  readonly end: PrefetchEnd;
  /** Addresses and domains that more than one record was listed with: they have no last known record. */
  readonly ambiguous: number;
}

/** What a CRM lists may lag behind what it was told, and clocks differ: the next run asks so far back, in milliseconds. */
export const OVERLAP_MS = 5 * 60_000;
const PAGE_TIMEOUT_MS = 60_000;
/** Before the second try at a page, the third, and so on; a random half of it is left out. */
const PAUSES_MS = [2_000, 10_000, 60_000];
const SHORTEST_WAIT_MS = 500;
/** A provider that asks for more has to be asked another time. */
const LONGEST_WAIT_MS = 15 * 60_000;
/** So often in a row it may ask us to wait. */
const MAX_WAITS = 20;
const SAVE_TRIES = 5;
const SAVE_AGAIN_MS = 1_000;

const NOTHING_YET: PrefetchState = { completeUntil: null, open: null };
const limit = timeout(PAGE_TIMEOUT_MS, TimeoutStrategy.Aggressive);

/**
 * Fetches the customers of a provider that changed since the last time into the last known ones, one page after the other, and keeps its
 * place after each. An interrupted run is gone on with.
 *
 * Two records that are listed by the same address in one run are no last known record: a look-up would be ambiguous. When the second
 * comes only in a later run it cannot be told from the first one changed, and takes its place; so does one that comes after an interruption.
 *
 * Never throws.
 */
export async function prefetch(
  source: CustomerSource,
  store: LastKnownStore,
  options: PrefetchOptions,
  signal: AbortSignal,
): Promise<PrefetchResult> {
  const kept =
    options.isFull === true ? NOTHING_YET : await store.prefetchState(source.stored).catch(() => NOTHING_YET);
  return new PrefetchRun(source, store, options, signal, kept).run();
}

class PrefetchRun {
  #startedAt: number;
  #from: string | null;
  #places = new Places();
  #customers: number;
  #newCustomers = 0;
  #pages = 0;
  /** Nothing was listed yet at the place where an earlier run was interrupted: the CRM may not know it any more. */
  #isPlaceUncertain: boolean;
  #isResumed: boolean;
  /** When the pages before were asked for: a record of such a time was listed by this run, not looked up or brought. */
  readonly #pageTimes = new Set<number>();
  readonly #ambiguous = new Set<string>();

  constructor(
    private readonly source: CustomerSource,
    private readonly store: LastKnownStore,
    private readonly options: PrefetchOptions,
    private readonly signal: AbortSignal,
    private readonly kept: PrefetchState,
  ) {
    const { open } = kept;
    this.#startedAt = open?.startedAt ?? Date.now();
    this.#from = open?.next ?? null;
    this.#customers = open?.customers ?? 0;
    this.#isPlaceUncertain = this.#isResumed = open !== null;
    if (open !== null) this.#places.add(open.next);
  }

  async run(): Promise<PrefetchResult> {
    try {
      while (await this.#takePage());
      return this.#result({ kind: 'complete' });
    } catch (error) {
      if (this.signal.aborted) return this.#result({ kind: 'stopped' });
      return this.#result({ kind: 'failed', failure: toFailure(error) });
    }
  }

  /** False after the last. */
  async #takePage(): Promise<boolean> {
    const { completeUntil } = this.kept;
    const askedAt = Date.now();
    const page = await this.#askPatiently(completeUntil === null ? null : new Date(completeUntil));
    if (page === 'begin again') return this.#beginAgain();
    if (page.next !== null && !this.#places.add(page.next))
      throw new EnricherError('CRM_MISCONFIGURED', 'the list of changed customers gives the same page again and again');
    await this.#keep(page.customers, askedAt);
    this.#pageTimes.add(askedAt);
    this.#isPlaceUncertain = false;
    this.#from = page.next;
    this.#pages += 1;
    this.#customers += page.customers.length;
    this.#newCustomers += page.customers.length;
    await this.#save(this.#state(page.next));
    this.options.onPage?.(this.#progress);
    return page.next !== null;
  }

  #beginAgain(): true {
    this.#startedAt = Date.now();
    this.#from = null;
    this.#places = new Places();
    this.#customers = 0;
    this.#isPlaceUncertain = this.#isResumed = false;
    return true;
  }

  async #askPatiently(since: Date | null): Promise<CustomerPage | 'begin again'> {
    const { source, signal, options } = this;
    const { pause = sleep } = options;
    for (let failures = 0, waits = 0; ;) {
      signal.throwIfAborted();
      try {
        return await limit.execute(({ signal: limited }) => source.list(since, this.#from, limited), signal);
      } catch (error) {
        signal.throwIfAborted();
        const { kind } = toFailure(error);
        if (kind === 'misconfigured' && this.#isPlaceUncertain) return 'begin again';
        const waitMs = error instanceof RateLimitedError ? error.retryAfterMs : null;
        if (waitMs !== null && waitMs <= LONGEST_WAIT_MS && waits++ < MAX_WAITS)
          await pause(Math.max(waitMs, SHORTEST_WAIT_MS), signal);
        else if (kind !== 'misconfigured' && waitMs === null && failures < PAUSES_MS.length)
          await pause((PAUSES_MS[failures++]! * (1 + Math.random())) / 2, signal);
        else throw isTaskCancelledError(error) ? tooSlow(error) : error;
      }
    }
  }

  async #keep(customers: readonly ListedCustomer[], seenAt: number): Promise<void> {
    const { source } = this;
    const slices = new TimeSlices(this.signal);
    const found = new Map<string, LastKnown>();
    const twice: string[] = [];
    for (const { emails, domains, record } of customers) {
      for (const id of new Set(idsOf(emails, domains))) {
        if (this.#ambiguous.has(id)) continue;
        const known = found.get(id) ?? (await this.#listedBefore(id));
        if (known !== null && !isDeepStrictEqual(known.record, record)) {
          this.#ambiguous.add(id);
          found.delete(id);
          twice.push(id);
        } else found.set(id, { id, record, seenAt });
      }
      if (slices.isOver()) await slices.pause();
    }
    source.remember([...found.values()]);
    source.forget(twice);
  }

  /** What an earlier page of this run listed by this key; on the first page nothing is read, since there is none. */
  async #listedBefore(id: string): Promise<LastKnown | null> {
    if (this.#pageTimes.size === 0) return null;
    const known = await this.store.get(this.source.stored, id).catch(() => null);
    return known !== null && this.#pageTimes.has(known.seenAt) ? known : null;
  }

  /** Another process may be writing. */
  async #save(state: PrefetchState): Promise<void> {
    const { pause = sleep } = this.options;
    for (let tries = 1; ; tries++) {
      try {
        return await this.store.savePrefetchState(this.source.stored, state);
      } catch (error) {
        if (tries === SAVE_TRIES) throw error;
        await pause(SAVE_AGAIN_MS, this.signal);
      }
    }
  }

  #state(next: string | null): PrefetchState {
    const startedAt = this.#startedAt;
    return next === null
      ? { completeUntil: startedAt - OVERLAP_MS, open: null }
      : { completeUntil: this.kept.completeUntil, open: { startedAt, next, customers: this.#customers } };
  }

  get #progress(): PrefetchProgress {
    return {
      customers: this.#customers,
      newCustomers: this.#newCustomers,
      pages: this.#pages,
      isResumed: this.#isResumed,
    };
  }

  #result(end: PrefetchEnd): PrefetchResult {
    return { ...this.#progress, end, ambiguous: this.#ambiguous.size };
  }
}

function tooSlow(cause: unknown): EnricherError {
  return new EnricherError('CRM_UNAVAILABLE', `no page of customers within ${PAGE_TIMEOUT_MS / 1_000} s`, { cause });
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal });
}
