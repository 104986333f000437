import { Body, Controller, HttpCode, Logger, Post, Res, ServiceUnavailableException, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { WebhookAuthGuard } from '../auth/webhook-auth.guard.js';
import { EnrichmentService } from '../enrichment/enrichment.service.js';
import { describeSuppressed, whatMailboxRefused } from '../enrichment/describe-outcome.js';
import type { Delivery } from '../facts/delivery.js';
import { type Envelope, toEnvelope } from './envelope.js';
import { ParseDeliveryPipe } from './parse-delivery.pipe.js';

/** Where deliveries come in; the second is the path of Emailgistics' own guide. */
export const WEBHOOK_PATHS = ['webhooks/emailgistics', 'emailgistics-webhook'];

@Controller()
@UseGuards(WebhookAuthGuard)
export class WebhookController {
  readonly #logger = new Logger('Webhook');

  constructor(private readonly enrichment: EnrichmentService) {}

  @Post(WEBHOOK_PATHS)
  @HttpCode(200)
  async receive(
    @Body(ParseDeliveryPipe) delivery: Delivery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Envelope> {
    const startedAt = performance.now();
    const enrichment = await this.enrichment.enrich(delivery);
    reply.header('x-rules-revision', enrichment.revision);
    const refused = whatMailboxRefused(enrichment.trace?.composition.suppressed ?? []);
    this.#logger.log(
      `${enrichment.outcome}: ${enrichment.actions.length} action(s), ${refused.length} left out, look-up ${enrichment.trace?.facts.lookup.state ?? 'none'}, ` +
        `${Math.round(performance.now() - startedAt)} ms, revision ${enrichment.revision}, request ${reply.request.id}`,
    );
    if (refused.length > 0) {
      const list = refused.map((one) => describeSuppressed(one, one.isRendered ? null : one.part));
      this.#logger.warn(`Left out: ${list.join('; ')}; request ${reply.request.id}`);
    }
    if (enrichment.shouldRetry) throw new ServiceUnavailableException(enrichment.message);
    return toEnvelope(enrichment);
  }
}
