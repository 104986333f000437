import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LineLimit } from '../logs/line-limit.js';
import type { ServiceLogger } from '../logs/service-logger.js';
import { fieldsViolated } from '../shared/problem.js';
import { isDelivery } from './door.js';

/** Where somebody meant to deliver. */
const ALMOST_DELIVERY = /^\/+(?:webhooks|emailgistics-webhook)(?:[/?]|$)/i;
const REASONS: Readonly<Record<number, string>> = {
  400: 'it is no delivery',
  401: 'its secret is none of ours',
  404: 'no deliveries come in at its path',
  413: 'it is larger than BODY_LIMIT_BYTES',
  415: 'its content type or encoding is none of ours',
};

/** Tells of every delivery that is refused for good: Emailgistics does not send it again after a 4xx but 429. */
export function logRefusals(fastify: FastifyInstance, logger: ServiceLogger): void {
  const lines = new Logger('Webhook');
  const limits = new Map<number, LineLimit>();
  const limitOf = (status: number) => {
    const limit =
      limits.get(status) ??
      new LineLimit((count) => lines.warn({ status, count }, `${count} more deliveries got ${status} within a minute`));
    limits.set(status, limit);
    return limit;
  };
  fastify.addHook('onResponse', (request, reply, done) => {
    if (isLost(request, reply)) {
      const { statusCode: status } = reply;
      limitOf(status).tell(() => logger.withRequestId(request.id, () => lines.warn(...describe(status, request))));
    }
    done();
  });
  fastify.addHook('onClose', async () => limits.forEach((limit) => limit.close()));
}

function isLost(request: FastifyRequest, { statusCode }: FastifyReply): boolean {
  if (statusCode < 400 || statusCode >= 500 || statusCode === 429) return false;
  return isDelivery(request) || (request.is404 && request.method === 'POST' && ALMOST_DELIVERY.test(request.url));
}

/** Of what was sent only the names of fields: whatever else it has may be personal. */
function describe(status: number, request: FastifyRequest): [object, string] {
  const fields = fieldsViolated(request);
  const list = fields.length === 0 ? '' : `: ${fields.join(', ')}`;
  return [
    { status, ...(fields.length === 0 ? {} : { fields }) },
    `A delivery got ${status} and is not sent again: ${REASONS[status] ?? 'see the status'}${list}`,
  ];
}
