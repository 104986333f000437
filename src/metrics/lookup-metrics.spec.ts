import { expect, test } from '@jest/globals';
import type { LookupObserver } from '../crm/lookup-observer.js';
import { LookupMetrics } from './lookup-metrics.js';
import { Metrics } from './metrics.js';

/** The series of CRM metrics that are not nought, as Prometheus reads them, without buckets. */
async function seriesAfter(happens: (observer: LookupObserver) => void): Promise<string[]> {
  const metrics = new Metrics();
  happens(new LookupMetrics(metrics));
  const text = await metrics.registry.metrics();
  return text.split('\n').filter((line) => line.startsWith('enricher_crm_') && !/_bucket|_sum/.test(line));
}

test.each<[what: string, happens: (observer: LookupObserver) => void, series: string[]]>([
  [
    'a call that found somebody',
    (observer) => observer.called('hubspot', 'found', 0.2),
    [
      'enricher_crm_lookups_total{provider="hubspot",result="found"} 1',
      'enricher_crm_lookup_duration_seconds_count{provider="hubspot"} 1',
    ],
  ],
  [
    'calls of two providers',
    (observer) => {
      observer.called('hubspot', 'rate_limited', 0.1);
      observer.called('files', 'not_found', 0.1);
      observer.called('files', 'not_found', 0.1);
    },
    [
      'enricher_crm_lookups_total{provider="hubspot",result="rate_limited"} 1',
      'enricher_crm_lookups_total{provider="files",result="not_found"} 2',
      'enricher_crm_lookup_duration_seconds_count{provider="hubspot"} 1',
      'enricher_crm_lookup_duration_seconds_count{provider="files"} 2',
    ],
  ],
  [
    'a look-up that no rule needs',
    (observer) => observer.avoided('not_needed'),
    ['enricher_crm_calls_avoided_total{reason="not_needed"} 1'],
  ],
  [
    'a fresh and a stale entry of the cache',
    (observer) => {
      observer.avoided('fresh');
      observer.avoided('stale');
    },
    [
      'enricher_crm_calls_avoided_total{reason="cached"} 1',
      'enricher_crm_cache_hits_total{kind="fresh"} 1',
      'enricher_crm_cache_hits_total{kind="stale"} 1',
    ],
  ],
  [
    'a look-up that joined another',
    (observer) => observer.avoided('joined'),
    ['enricher_crm_calls_avoided_total{reason="joined"} 1', 'enricher_crm_cache_hits_total{kind="joined"} 1'],
  ],
  [
    'a call that the breaker kept back, and the last known record in its place',
    (observer) => {
      observer.avoided('blocked');
      observer.remembered('hubspot');
    },
    ['enricher_crm_calls_avoided_total{reason="blocked"} 1', 'enricher_crm_cache_hits_total{kind="last_known"} 1'],
  ],
])('counts %s', async (_what, happens, series) => {
  expect(await seriesAfter(happens)).toEqual(series);
});
