import type { CallResult, LookupObserver } from '../crm/lookup-observer.js';
import type { Metrics } from './metrics.js';

type Avoided = Parameters<LookupObserver['avoided']>[0];

/** Why a call was not made (null: it was, in the background), and what of the cache answered instead; null when nothing did. */
const AVOIDED: Readonly<Record<Avoided, { readonly reason: string | null; readonly kind: string | null }>> = {
  not_needed: { reason: 'not_needed', kind: null },
  fresh: { reason: 'cached', kind: 'fresh' },
  stale: { reason: null, kind: 'stale' },
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
    if (reason !== null) this.metrics.crmCallsAvoided.inc({ reason });
    if (kind !== null) this.metrics.crmCacheHits.inc({ kind });
  }

  remembered(_provider: string): void {
    this.metrics.crmCacheHits.inc({ kind: 'last_known' });
  }
}
