import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics/metrics.js';
import { isDelivery } from './door.js';

/** Counts every answer of the webhook, those included that the door, the parser or the framework gave. */
export function countAnswers(fastify: FastifyInstance, { webhookAnswers }: Metrics): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    if (isDelivery(request)) webhookAnswers.inc({ status: reply.statusCode });
    done();
  });
}
