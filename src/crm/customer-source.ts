import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { CustomerRecord, JsonValue } from '../facts/facts.js';
import { EnricherError } from '../shared/errors.js';
import { orAborted } from '../shared/or-aborted.js';
import type { CrmMatch, CrmProvider, CustomerPage } from './crm.provider.js';
import type { CachedMatch, CustomerCache } from './customer-cache.js';
import { GivenUpError, isBlocked, toFailure } from './failure.js';
import { Flights } from './flights.js';
import type { Guard, RetryBudget } from './guard.js';
import type { LastKnown, LastKnownStore, StoredProvider } from './last-known.js';
import type { LookupKey } from './lookup-key.js';
import type { CallResult, LookupObserver } from './lookup-observer.js';

/** A record that a provider has, or had lately. */
export interface Found {
  readonly kind: 'found';
  readonly record: CustomerRecord;
  readonly isStale: boolean;
  readonly ageMs: number;
}

/** What a provider says of an address or domain, or said lately. */
export type Sighting = Found | { readonly kind: 'not_found' | 'ambiguous' };

export interface SourceParts {
  readonly provider: CrmProvider;
  /** How the provider is configured to find and map; records that came otherwise are not its own. */
  readonly identity: string;
  readonly guard: Guard;
  readonly cache: CustomerCache;
  readonly lastKnown: LastKnownStore | null;
  readonly observer: LookupObserver;
  /** Hears how each call ended: null for an answer, else what was thrown. */
  readonly ended: (provider: CrmProvider, error: unknown) => void;
}

/** Longer ones are a mistake in the mapping, and would fill the cache and the store. */
const MAX_RECORD_LENGTH = 100_000;
/** Deeper ones would overflow the stack of who reads them. */
const MAX_RECORD_DEPTH = 100;
/** What is in memory need not be remembered at each message. */
const REMEMBER_AGAIN_MS = 3_600_000;
const MAX_REMEMBERED = 10_000;

/** One provider as the ladder asks it: from the cache when that is fresh enough, else by one protected call for all who ask at once. */
export class CustomerSource {
  readonly name: string;
  readonly stored: StoredProvider;
  readonly #flights = new Flights<CrmMatch>();
  readonly #checks = new Flights<void>();
  readonly #remembered = new LRUCache<string, { readonly kind: CrmMatch['kind']; readonly at: number }>({
    max: MAX_REMEMBERED,
  });
  readonly #forgottenAt = new LRUCache<string, number>({ max: MAX_REMEMBERED });

  constructor(private readonly parts: SourceParts) {
    const { provider, identity } = parts;
    this.name = provider.name;
    this.stored = { name: provider.name, mapping: hashOf(identity) };
  }

  /** Whether it can tell by this key at all. */
  canTell({ by }: LookupKey): boolean {
    return by === 'email' || this.parts.provider.findByDomain !== undefined;
  }

  /**
   * @param retries of this message at this provider
   * @throws when the provider gave no answer in time; `toFailure` says why
   */
  async find(key: LookupKey, signal: AbortSignal, retries: RetryBudget): Promise<Sighting> {
    const { provider, cache, observer } = this.parts;
    if (provider.isInMemory === true) return this.#findInMemory(key, signal);
    const cached = cache.get(this.#cacheKey(key.id));
    if (cached !== undefined) {
      const now = Date.now();
      const freshness = cache.freshness(cached, now);
      if (freshness !== 'gone') {
        observer.avoided(freshness);
        if (freshness === 'stale') this.#flights.refresh(key.id, (...call) => this.#fetch(key, retries, ...call));
        return sightingOf(cached, now, freshness === 'stale');
      }
    }
    if (this.#flights.has(key.id)) observer.avoided('joined');
    const match = await this.#flights.join(key.id, (...call) => this.#fetch(key, retries, ...call), signal);
    return sightingOf({ match, at: 0 }, 0, false);
  }

  /** What it last said by this key, when the last known values are not too old; null when that is nothing. */
  async lastKnown({ id }: LookupKey): Promise<Found | null> {
    const known = await this.parts.lastKnown?.get(this.stored, id).catch(() => null);
    if (known === null || known === undefined) return null;
    return { kind: 'found', record: known.record, isStale: true, ageMs: Math.max(0, Date.now() - known.seenAt) };
  }

  /** What it last said was used in place of an answer. */
  wasRemembered(): void {
    this.parts.observer.remembered(this.name);
  }

  /** Takes in a record that the CRM brought; it is what the next message gets. */
  replace(known: LastKnown): void {
    this.#flights.detach(known.id);
    this.#cache(known);
    this.parts.lastKnown?.put(this.stored, [known]);
  }

  /** Whether its customers can be fetched ahead. */
  get canList(): boolean {
    return this.parts.provider.changedSince !== undefined;
  }

  /**
   * The page of those who changed that begins at `from`, as `CrmProvider.changedSince` has it. Asked beside the look-ups: it takes none of
   * their places, and how it ends says nothing of them.
   */
  async list(since: Date | null, from: string | null, signal: AbortSignal): Promise<CustomerPage> {
    const pages = this.parts.provider.changedSince?.(since, from, signal)[Symbol.asyncIterator]();
    try {
      const first = await pages?.next();
      return first === undefined || first.done === true ? { customers: [], next: null } : first.value;
    } finally {
      await pages?.return?.();
    }
  }

  /**
   * Takes in records that were fetched ahead, for when the provider does not answer. What is known by later word stays; what is cached
   * and says otherwise is asked for anew, since a list cannot tell who was changed from who is there twice.
   */
  remember(records: readonly LastKnown[]): void {
    const news = records.filter((known) => this.#isNews(known));
    for (const known of news) {
      const cached = this.parts.cache.get(this.#cacheKey(known.id));
      if (cached === undefined) continue;
      if (cached.match.kind === 'found' && isDeepStrictEqual(cached.match.record, known.record)) this.#cache(known);
      else this.parts.cache.delete(this.#cacheKey(known.id));
    }
    this.parts.lastKnown?.put(this.stored, news);
  }

  /** Forgets what is known by these keys: who asks next asks the provider. */
  forget(ids: readonly string[]): void {
    const now = Date.now();
    for (const id of ids) {
      this.#flights.detach(id);
      this.parts.cache.delete(this.#cacheKey(id));
      this.#forgottenAt.set(id, now);
    }
    this.parts.lastKnown?.drop(this.stored, ids);
  }

  /** Whether look-ups would work, asked of the provider now; many who want to know make one call, and each waits for as long as it can. */
  async check(signal: AbortSignal): Promise<void> {
    const { provider, guard, ended } = this.parts;
    const call = (shared: AbortSignal) => guard.check((limited) => provider.check(limited), shared);
    try {
      await this.#checks.join('check', call, signal);
      ended(provider, null);
    } catch (error) {
      ended(provider, signal.aborted ? new GivenUpError() : error);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#flights.close();
    this.#checks.close();
    await this.parts.provider.close();
  }

  /** Not when a look-up, or the CRM itself, said something since the page was asked for, nor where a look-up found more than one. */
  #isNews({ id, seenAt }: LastKnown): boolean {
    const cached = this.parts.cache.get(this.#cacheKey(id));
    if (cached?.match.kind === 'ambiguous') return false;
    return (cached?.at ?? -Infinity) < seenAt && (this.#forgottenAt.get(id) ?? -Infinity) < seenAt;
  }

  async #findInMemory(key: LookupKey, signal: AbortSignal): Promise<Sighting> {
    signal.throwIfAborted();
    const { provider, observer, ended } = this.parts;
    const startedAt = performance.now();
    const report = (result: CallResult) => observer.called(this.name, result, (performance.now() - startedAt) / 1_000);
    try {
      const match = await orAborted(this.#ask(key, signal), signal);
      report(match.kind);
      ended(provider, null);
      this.#rememberSometimes(key.id, match);
      return sightingOf({ match, at: 0 }, 0, false);
    } catch (error) {
      report(toFailure(error).kind);
      if (!signal.aborted) ended(provider, error);
      throw error;
    }
  }

  #rememberSometimes(id: string, match: CrmMatch): void {
    const now = Date.now();
    const last = this.#remembered.get(id);
    if (last?.kind === match.kind && Math.abs(now - last.at) < REMEMBER_AGAIN_MS) return;
    this.#remembered.set(id, { kind: match.kind, at: now });
    if (match.kind === 'found') this.parts.lastKnown?.put(this.stored, [{ id, record: match.record, seenAt: now }]);
    else this.parts.lastKnown?.drop(this.stored, [id]);
  }

  async #fetch(key: LookupKey, retries: RetryBudget, signal: AbortSignal, isCurrent: () => boolean): Promise<CrmMatch> {
    const { guard, observer, ended, provider } = this.parts;
    try {
      const match = await guard.call((limited) => this.#ask(key, limited), signal, retries);
      ended(provider, null);
      if (isCurrent()) this.#keep(key.id, match);
      return match;
    } catch (error) {
      // That nobody waited any more says nothing of the provider.
      if (isBlocked(error)) observer.avoided('blocked');
      else if (!signal.aborted) ended(provider, error);
      throw error;
    }
  }

  /** An answer is kept, a failure never is. */
  #keep(id: string, match: CrmMatch): void {
    const { cache, lastKnown } = this.parts;
    const now = Date.now();
    cache.set(this.#cacheKey(id), { match, at: now });
    if (match.kind === 'found') lastKnown?.put(this.stored, [{ id, record: match.record, seenAt: now }]);
    else lastKnown?.drop(this.stored, [id]);
  }

  async #ask(key: LookupKey, signal: AbortSignal): Promise<CrmMatch> {
    const { provider } = this.parts;
    const match =
      key.by === 'email'
        ? await provider.findByEmail(key.email, signal)
        : await provider.findByDomain?.(key.domain, signal);
    if (match?.kind === 'found') refuseHuge(match.record);
    return match ?? { kind: 'not_found' };
  }

  #cache({ id, record, seenAt }: LastKnown): void {
    this.parts.cache.set(this.#cacheKey(id), { match: { kind: 'found', record }, at: seenAt });
  }

  #cacheKey(id: string): string {
    return `${this.name}\n${id}`;
  }
}

/** @throws EnricherError `CRM_MISCONFIGURED`: what it was mapped to is no customer's data any more */
function refuseHuge(record: CustomerRecord): void {
  if (Object.values(record).some((value) => isDeeper(value, MAX_RECORD_DEPTH)))
    throw new EnricherError('CRM_MISCONFIGURED', `a record of more than ${MAX_RECORD_DEPTH} levels; map fewer fields`);
  const size = Object.values(record).reduce<number>((sum, value) => sum + sizeOf(value), 0);
  if (size > MAX_RECORD_LENGTH)
    throw new EnricherError(
      'CRM_MISCONFIGURED',
      `a record of more than ${MAX_RECORD_LENGTH} characters; map fewer fields`,
    );
}

function isDeeper(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

function sizeOf(value: JsonValue): number {
  if (typeof value === 'string') return value.length;
  return typeof value === 'object' && value !== null ? JSON.stringify(value).length : 0;
}

function sightingOf({ match, at }: CachedMatch, now: number, isStale: boolean): Sighting {
  return match.kind === 'found'
    ? { kind: 'found', record: match.record, isStale, ageMs: now - at }
    : { kind: match.kind };
}

function hashOf(identity: string): string {
  return createHash('sha256').update(identity).digest('hex').slice(0, 16);
}
