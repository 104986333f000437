import type { CallResult, LookupObserver } from '../crm/lookup-observer.js';
import type { Metrics } from './metrics.js';

type Avoided = Parameters<LookupObserver['avoided']>[0];
type BreakerState = Parameters<LookupObserver['breakerChanged']>[1];

const BREAKER_VALUES: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };

/** Why a call was not made, and what of the cache answered instead; null when nothing did. */
const AVOIDED: Readonly<Record<Avoided, { readonly reason: string; readonly kind: string | null }>> = {
  not_needed: { reason: 'not_needed', kind: null },
  fresh: { reason: 'cached', kind: 'fresh' },
  stale: { reason: 'cached', kind: 'stale' },
  joined: { reason: 'joined', kind: 'joined' },
  blocked: { reason: 'blocked', kind: null },
};

/** Counts what look-ups do. */
export class LookupMetrics implements LookupObserver {
  constructor(private readonly metrics: Metrics) {}

  called(provider: string, result: CallResult, seconds: number): void {
    this.metrics.crmLookups.inc({ provider, result });
    this.metrics.crmLookupDuration.observe({ provider }, seconds);
  }

  avoided(why: Avoided): void {
    const { reason, kind } = AVOIDED[why];
    this.metrics.crmCallsAvoided.inc({ reason });
    if (kind !== null) this.metrics.crmCacheHits.inc({ kind });
  }

  remembered(_provider: string): void {
    this.metrics.crmCacheHits.inc({ kind: 'last_known' });
  }

  breakerChanged(provider: string, state: BreakerState): void {
    this.metrics.crmBreakerState.set({ provider }, BREAKER_VALUES[state]);
  }
}
