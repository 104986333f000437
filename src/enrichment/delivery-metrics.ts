import type { Metrics } from '../metrics/metrics.js';
import type { RulesMetrics } from '../metrics/rules-metrics.js';
import type { Enrichment } from './enrichment.js';
import type { Intake } from './intake.js';

/** Counts what became of deliveries. */
export class DeliveryMetrics {
  constructor(
    private readonly metrics: Metrics,
    private readonly rules: RulesMetrics,
    intake: Intake,
  ) {
    metrics.countInFlight = () => intake.inFlight;
  }

  /** It got the answer of an earlier one. */
  replayed(): void {
    this.metrics.deliveriesReplayed.inc();
  }

  /** @param seconds from its arrival to its decision */
  decided({ outcome, actions, trace }: Enrichment, seconds: number): void {
    this.metrics.deliveries.inc({ outcome });
    this.metrics.deliveryDuration.observe(seconds);
    for (const { type } of actions) this.metrics.actions.inc({ type });
    if (trace === null) return;
    for (const { type, reason } of trace.composition.suppressed) this.metrics.actionsSuppressed.inc({ type, reason });
    for (const { rule, mode, verdict } of trace.decision.verdicts)
      if (verdict === 'matched') this.rules.matched(rule, mode);
  }
}
