import { Body, Controller, HttpCode, Post, Res, ServiceUnavailableException, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { WebhookAuthGuard } from '../auth/webhook-auth.guard.js';
import { AnswerService } from '../enrichment/answer.service.js';
import { DeliveryLog } from '../enrichment/delivery-log.js';
import { DeliveryMetrics } from '../enrichment/delivery-metrics.js';
import { Intake } from '../enrichment/intake.js';
import type { Delivery } from '../facts/delivery.js';
import { ParseDeliveryPipe } from './parse-delivery.pipe.js';

/** Where deliveries come in; the second is the path of Emailgistics' own guide. */
export const WEBHOOK_PATHS = ['webhooks/emailgistics', 'emailgistics-webhook'];

@Controller()
@UseGuards(WebhookAuthGuard)
export class WebhookController {
  constructor(
    private readonly answers: AnswerService,
    private readonly metrics: DeliveryMetrics,
    private readonly log: DeliveryLog,
    private readonly intake: Intake,
  ) {}

  @Post(WEBHOOK_PATHS)
  @HttpCode(200)
  receive(
    @Body(ParseDeliveryPipe) delivery: Delivery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.intake.during(reply.request, () => this.#answer(delivery, reply));
  }

  async #answer(delivery: Delivery, reply: FastifyReply): Promise<string> {
    const { status, body, revision, isReplay, enrichment } = await this.answers.answer(delivery);
    reply.header('x-rules-revision', revision);
    if (enrichment === null) {
      this.metrics.replayed();
      this.log.replayed(delivery, reply.elapsedTime);
    } else {
      this.metrics.decided(enrichment, reply.elapsedTime / 1000);
      this.log.decided(delivery, enrichment, reply.elapsedTime);
    }
    if (isReplay) reply.header('x-replayed', 'true');
    if (status === 503) throw new ServiceUnavailableException(body);
    reply.header('content-type', 'application/json; charset=utf-8');
    return body;
  }
}
