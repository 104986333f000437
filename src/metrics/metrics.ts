import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** From an answer out of memory to the longest deadline there is, in seconds. */
const DELIVERY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 90];
/** One try at a CRM: no more than its timeout. */
const LOOKUP_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

const BREAKERS = { closed: 0, half_open: 1, open: 2 } as const;

/** How the store stands, as far as metrics go. */
export interface StoreStatus {
  readonly state: 'ok' | 'down';
  readonly buffered: number;
  readonly dropped: number;
}

/**
 * Every metric there is, with those of the process. `docs/operations.md` explains each; a test compares them.
 *
 * Labels take their values from what is configured and from our own words, never from a message: their number is bounded.
 *
 * @source https://prometheus.io/docs/practices/naming/
 */
export class Metrics {
  readonly registry = new Registry();
  /** Who takes deliveries in says here how many there are. */
  countInFlight: () => number = () => 0;
  /** Who looks up says here how the breakers stand. */
  breakers: () => readonly { readonly name: string; readonly breaker: keyof typeof BREAKERS }[] = () => [];
  /** Who keeps decisions says here how the store stands. */
  storeStatus: () => StoreStatus = () => ({ state: 'ok', buffered: 0, dropped: 0 });
  /** Who writes log lines says here how many were dropped. */
  countDroppedLines: () => number = () => 0;
  private readonly own = { registers: [this.registry] };

  readonly deliveries = new Counter({
    ...this.own,
    name: 'enricher_deliveries_total',
    help: 'Deliveries decided, by what became of them',
    labelNames: ['outcome'],
  });
  readonly deliveryDuration = new Histogram({
    ...this.own,
    name: 'enricher_delivery_duration_seconds',
    help: 'From the arrival of a delivery to its decision',
    buckets: DELIVERY_BUCKETS,
  });
  readonly deliveriesInFlight: Gauge = new Gauge({
    ...this.own,
    name: 'enricher_deliveries_in_flight',
    help: 'Deliveries that came in and are not answered yet',
    collect: () => this.deliveriesInFlight.set(this.countInFlight()),
  });
  readonly deliveriesReplayed = new Counter({
    ...this.own,
    name: 'enricher_deliveries_replayed_total',
    help: 'Deliveries that got the answer of an earlier one of the same message',
  });
  readonly storeUp: Gauge = new Gauge({
    ...this.own,
    name: 'enricher_store_up',
    help: 'Whether the store answers: 1, else 0',
    collect: () => this.storeUp.set(this.storeStatus().state === 'ok' ? 1 : 0),
  });
  readonly decisionsBuffered: Gauge = new Gauge({
    ...this.own,
    name: 'enricher_decisions_buffered',
    help: 'Decisions that were answered and wait in memory for the store',
    collect: () => this.decisionsBuffered.set(this.storeStatus().buffered),
  });
  readonly decisionsDropped: Counter = new Counter({
    ...this.own,
    name: 'enricher_decisions_dropped_total',
    help: 'Decisions that were answered and will never be in the store',
    collect: () => {
      this.decisionsDropped.reset();
      this.decisionsDropped.inc(this.storeStatus().dropped);
    },
  });
  readonly overloadRefusals = new Counter({
    ...this.own,
    name: 'enricher_overload_refusals_total',
    help: 'Deliveries that got 429 because the service was overloaded, by what was exceeded',
    labelNames: ['reason'],
  });
  readonly webhookAnswers = new Counter({
    ...this.own,
    name: 'enricher_webhook_answers_total',
    help: 'Answers of the webhook, refusals included, by HTTP status',
    labelNames: ['status'],
  });
  readonly logLinesDropped: Counter = new Counter({
    ...this.own,
    name: 'enricher_log_lines_dropped_total',
    help: 'Log lines that could not be written and for which there was no room any more',
    collect: () => {
      this.logLinesDropped.reset();
      this.logLinesDropped.inc(this.countDroppedLines());
    },
  });
  readonly actions = new Counter({
    ...this.own,
    name: 'enricher_actions_total',
    help: 'Actions answered, by type',
    labelNames: ['type'],
  });
  readonly actionsSuppressed = new Counter({
    ...this.own,
    name: 'enricher_actions_suppressed_total',
    help: 'What rules wanted and was left out, by type of the action and reason',
    labelNames: ['type', 'reason'],
  });

  readonly ruleMatches = new Counter({
    ...this.own,
    name: 'enricher_rule_matches_total',
    help: 'Deliveries that matched a rule, by rule and its mode',
    labelNames: ['rule', 'mode'],
  });
  readonly rulesInfo = new Gauge({
    ...this.own,
    name: 'enricher_rules_info',
    help: 'Always 1; the label says which rule set is running',
    labelNames: ['revision'],
  });
  readonly rulesLoaded = new Gauge({
    ...this.own,
    name: 'enricher_rules_loaded',
    help: 'Rules in the running set',
  });
  readonly rulesLastReloadSuccessful = new Gauge({
    ...this.own,
    name: 'enricher_rules_last_reload_successful',
    help: '1 when the rule files on disk are what is running, 0 when they have a fault',
  });
  readonly rulesLastReloadSuccessTimestamp = new Gauge({
    ...this.own,
    name: 'enricher_rules_last_reload_success_timestamp_seconds',
    help: 'When rule files were last accepted, in seconds since 1970; 0 when not since the start',
  });

  readonly crmLookups = new Counter({
    ...this.own,
    name: 'enricher_crm_lookups_total',
    help: 'Calls that reached a CRM, by provider and result',
    labelNames: ['provider', 'result'],
  });
  readonly crmLookupDuration = new Histogram({
    ...this.own,
    name: 'enricher_crm_lookup_duration_seconds',
    help: 'How long a call to a CRM took, by provider',
    labelNames: ['provider'],
    buckets: LOOKUP_BUCKETS,
  });
  readonly crmCallsAvoided = new Counter({
    ...this.own,
    name: 'enricher_crm_calls_avoided_total',
    help: 'Calls to a CRM that were not made, by reason',
    labelNames: ['reason'],
  });
  readonly crmCacheHits = new Counter({
    ...this.own,
    name: 'enricher_crm_cache_hits_total',
    help: 'Look-ups answered without a call of their own, by kind of what answered',
    labelNames: ['kind'],
  });
  readonly crmBreakerState: Gauge<'provider'> = new Gauge({
    ...this.own,
    name: 'enricher_crm_breaker_state',
    help: 'Circuit breaker of a provider: 0 closed, 1 half-open, 2 open',
    labelNames: ['provider'],
    collect: () => {
      for (const { name, breaker } of this.breakers()) this.crmBreakerState.set({ provider: name }, BREAKERS[breaker]);
    },
  });
  readonly crmPrefetchCustomers = new Counter({
    ...this.own,
    name: 'enricher_crm_prefetch_customers_total',
    help: 'Customers that pre-fetch brought, by provider',
    labelNames: ['provider'],
  });
  readonly crmPrefetchLastSuccessTimestamp = new Gauge({
    ...this.own,
    name: 'enricher_crm_prefetch_last_success_timestamp_seconds',
    help: 'When a pre-fetch last came to its end, in seconds since 1970, by provider',
    labelNames: ['provider'],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }
}
