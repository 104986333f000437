import { Body, Controller, HttpCode, Post, Res, ServiceUnavailableException, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { WebhookAuthGuard } from '../auth/webhook-auth.guard.js';
import { DeliveryLog } from '../enrichment/delivery-log.js';
import { DeliveryMetrics } from '../enrichment/delivery-metrics.js';
import { EnrichmentService } from '../enrichment/enrichment.service.js';
import type { Delivery } from '../facts/delivery.js';
import { type Envelope, toEnvelope } from './envelope.js';
import { ParseDeliveryPipe } from './parse-delivery.pipe.js';

/** Where deliveries come in; the second is the path of Emailgistics' own guide. */
export const WEBHOOK_PATHS = ['webhooks/emailgistics', 'emailgistics-webhook'];

@Controller()
@UseGuards(WebhookAuthGuard)
export class WebhookController {
  constructor(
    private readonly enrichment: EnrichmentService,
    private readonly metrics: DeliveryMetrics,
    private readonly log: DeliveryLog,
  ) {}

  @Post(WEBHOOK_PATHS)
  @HttpCode(200)
  async receive(
    @Body(ParseDeliveryPipe) delivery: Delivery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Envelope> {
    const enrichment = await this.enrichment.enrich(delivery);
    reply.header('x-rules-revision', enrichment.revision);
    this.metrics.decided(enrichment, reply.elapsedTime / 1000);
    this.log.decided(delivery, enrichment, reply.elapsedTime);
    if (enrichment.shouldRetry) throw new ServiceUnavailableException(enrichment.message);
    return toEnvelope(enrichment);
  }
}
