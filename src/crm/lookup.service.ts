import type { LookupResult } from '../facts/build-facts.js';
import type { CustomerRecord, JsonValue, LookupFacts, LookupState, MatchedBy } from '../facts/facts.js';
import type { EmailAddress } from '../shared/email-address.js';
import { within } from '../shared/within.js';
import type { CustomerSource, Found } from './customer-source.js';
import { type LookupKey, stepsFor } from './lookup-key.js';
import type { LookupObserver } from './lookup-observer.js';
import type { Strategy } from './lookup-options.js';
import type { ProviderStatuses, ProviderStatus } from './provider-statuses.js';

/** For each message and provider. */
const RETRIES = 1;
/** Longest wait of a message for all last known records together. */
const LAST_KNOWN_TIMEOUT_MS = 1_000;

/** How one way up the ladder ended. */
type Climb =
  | { readonly kind: 'found'; readonly sighting: Found; readonly matchedBy: MatchedBy; readonly source: string }
  | { readonly kind: 'ambiguous'; readonly source: string }
  | { readonly kind: 'not_found' | 'unavailable' };

export interface LookupParts {
  readonly sources: readonly CustomerSource[];
  readonly statuses: ProviderStatuses;
  readonly strategy: Strategy;
  readonly observer: Pick<LookupObserver, 'avoided'>;
}

/**
 * Finds the customer of an address: by the address itself, then without its `+tag`, then by domain. On each step the providers are asked in
 * their order and the first that finds wins; one that gives no answer is not asked again for this message, and what it said last, at most
 * `lastKnownDays` ago, stands in for it when no other finds on the same step.
 *
 * With the strategy `merge` each provider goes up its own ladder, all at once, and fields are filled from all who found, the first first.
 */
export class LookupService {
  constructor(private readonly parts: LookupParts) {}

  get statuses(): ProviderStatus[] {
    return this.parts.statuses.all;
  }

  /**
   * Never throws: what goes wrong is `lookup.state`. When the signal aborts no provider is asked any more, and there are only last known
   * records to wait for.
   */
  async lookup(email: EmailAddress | null, signal: AbortSignal): Promise<LookupResult> {
    if (email === null) return ended('no_sender');
    const { sources, strategy } = this.parts;
    if (sources.length === 0) return NOT_LOOKED_UP;
    if (strategy === 'first' || sources.length === 1) return resultOf(await climb(sources, email, signal));
    return merged(await Promise.all(sources.map((source) => climb([source], email, signal))));
  }

  /** The look-up of a message that no rule needs one for. */
  skip(): LookupResult {
    this.parts.observer.avoided('not_needed');
    return NOT_LOOKED_UP;
  }

  /** Asks every provider whether look-ups would work, and records the answers. */
  async check(signal: AbortSignal): Promise<ProviderStatus[]> {
    await Promise.allSettled(this.parts.sources.map((source) => source.check(signal)));
    return this.statuses;
  }

  /** The provider of this name, for those who bring or fetch its records. */
  source(name: string): CustomerSource | undefined {
    return this.parts.sources.find((source) => source.name === name);
  }

  async close(): Promise<void> {
    this.parts.statuses.close();
    await Promise.all(this.parts.sources.map((source) => source.close()));
  }
}

/** What is known before a look-up, and without one. */
export const NOT_LOOKED_UP: LookupResult = ended('skipped');

async function climb(sources: readonly CustomerSource[], email: EmailAddress, signal: AbortSignal): Promise<Climb> {
  const silent = new Set<CustomerSource>();
  const memory = new Memory();
  const retries = new Map(sources.map((source) => [source, { left: RETRIES }]));
  for (const { key, matchedBy } of stepsFor(email)) {
    let remembered: { readonly sighting: Found; readonly source: CustomerSource } | undefined;
    for (const source of sources) {
      if (!source.canTell(key)) continue;
      const sighting = silent.has(source)
        ? null
        : await source.find(key, signal, retries.get(source)!).catch(() => null);
      if (sighting?.kind === 'found') return { kind: 'found', sighting, matchedBy, source: source.name };
      // Whether there are several is for nobody to guess; but a provider that comes first might have known the one.
      if (sighting?.kind === 'ambiguous' && remembered === undefined)
        return silent.size > 0 ? { kind: 'unavailable' } : { kind: 'ambiguous', source: source.name };
      if (sighting?.kind === 'ambiguous') break;
      if (sighting !== null) continue;
      silent.add(source);
      const known = remembered === undefined ? await memory.lastKnown(source, key) : null;
      if (known !== null) remembered = { sighting: known, source };
    }
    if (remembered === undefined) continue;
    const { sighting, source } = remembered;
    source.wasRemembered();
    return { kind: 'found', sighting, matchedBy: 'last_known', source: source.name };
  }
  return { kind: silent.size > 0 ? 'unavailable' : 'not_found' };
}

/** What providers said last, as far as it comes in time. One for each way up the ladder: those of a message are gone side by side. */
class Memory {
  #leftMs = LAST_KNOWN_TIMEOUT_MS;

  async lastKnown(source: CustomerSource, key: LookupKey): Promise<Found | null> {
    if (this.#leftMs <= 0) return null;
    const startedAt = performance.now();
    const known = await within(this.#leftMs, () => source.lastKnown(key)).catch(() => null);
    this.#leftMs -= performance.now() - startedAt;
    return known;
  }
}

function resultOf(climbed: Climb): LookupResult {
  switch (climbed.kind) {
    case 'found': {
      const { sighting, matchedBy, source } = climbed;
      const { isStale, ageMs } = sighting;
      const lookup: LookupFacts = {
        state: 'found',
        matchedBy,
        source,
        stale: isStale,
        ageSeconds: Math.floor(ageMs / 1_000),
        incomplete: false,
      };
      return { customer: sighting.record, lookup };
    }
    case 'ambiguous':
      return ended('ambiguous', climbed.source);
    default:
      return ended(climbed.kind);
  }
}

/** One customer of all who found; what a provider that is silent, or cannot choose, would have said is missing, and `incomplete` says so. */
function merged(climbs: readonly Climb[]): LookupResult {
  const found = climbs.filter((climbed) => climbed.kind === 'found');
  const [first] = found;
  if (first === undefined) {
    const kinds = ['ambiguous', 'unavailable', 'not_found'] as const;
    return resultOf(kinds.map((kind) => climbs.find((climbed) => climbed.kind === kind)).find((each) => each)!);
  }
  const { lookup } = resultOf(first);
  const isMissing = (kind: Climb['kind']) => kind === 'unavailable' || kind === 'ambiguous';
  return {
    customer: Object.freeze(fillFields(found.map(({ sighting }) => sighting.record))),
    lookup: {
      ...lookup,
      stale: found.some(({ sighting }) => sighting.isStale),
      ageSeconds: Math.floor(Math.max(...found.map(({ sighting }) => sighting.ageMs)) / 1_000),
      incomplete: climbs.some(({ kind }) => isMissing(kind)),
    },
  };
}

function ended(state: LookupState, source: string | null = null): LookupResult {
  return {
    customer: null,
    lookup: { state, matchedBy: null, source, stale: false, ageSeconds: null, incomplete: false },
  };
}

/** Each field from the first record that has a value for it. */
function fillFields(records: readonly CustomerRecord[]): CustomerRecord {
  const filled = new Map<string, JsonValue>();
  for (const record of records)
    for (const [name, value] of Object.entries(record))
      if ((filled.get(name) ?? null) === null) filled.set(name, value);
  return Object.fromEntries(filled);
}
