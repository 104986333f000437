import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Metrics } from './metrics.js';

/** What Prometheus scrapes, in its text format. */
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  read(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { registry } = this.metrics;
    reply.header('content-type', registry.contentType).header('cache-control', 'no-store');
    return registry.metrics();
  }
}
