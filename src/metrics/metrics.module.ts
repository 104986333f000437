import { Module } from '@nestjs/common';
import { LookupMetrics } from './lookup-metrics.js';
import { MetricsController } from './metrics.controller.js';
import { Metrics } from './metrics.js';
import { RulesMetrics } from './rules-metrics.js';

@Module({
  providers: [
    Metrics,
    { provide: LookupMetrics, inject: [Metrics], useFactory: (metrics: Metrics) => new LookupMetrics(metrics) },
    { provide: RulesMetrics, inject: [Metrics], useFactory: (metrics: Metrics) => new RulesMetrics(metrics) },
  ],
  controllers: [MetricsController],
  exports: [Metrics, LookupMetrics, RulesMetrics],
})
export class MetricsModule {}
