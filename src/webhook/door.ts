import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { WebhookSecrets } from '../auth/webhook-secrets.js';
import type { Intake } from '../enrichment/intake.js';
import { sendProblem } from '../shared/problem.js';
import { WEBHOOK_PATHS } from './webhook.controller.js';

const WEBHOOK_URLS = new Set(WEBHOOK_PATHS.map((path) => `/${path}`));

/** Whether it is sent to where deliveries come in. */
export function isDelivery({ method, routeOptions }: FastifyRequest): boolean {
  return method === 'POST' && WEBHOOK_URLS.has(routeOptions.url ?? '');
}

/**
 * Decides before the body is read whether a request comes in: Nest's guards run after Fastify has parsed it, and nobody without
 * a secret or a route, and no draining process, should make us parse ten megabytes of JSON.
 */
export function guardDoor(fastify: FastifyInstance, secrets: WebhookSecrets, intake: Intake): void {
  fastify.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    if (request.is404) return sendProblem(reply, { status: 404 });
    if (!isDelivery(request)) return undefined;
    if (!secrets.accepts(request.headers.authorization)) return sendProblem(reply, { status: 401 });
    const encoding = request.headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity')
      return sendProblem(reply, { status: 415, detail: `content-encoding ${encoding} is not supported` });
    const leave = intake.enter();
    if (leave === null)
      return sendProblem(reply, { status: 503, detail: 'The service is stopping; send the delivery again' });
    // Whichever comes first: the answer was handed over, or the sender went away.
    const answered = Promise.withResolvers<void>();
    reply.raw.once('finish', answered.resolve);
    reply.raw.once('close', answered.resolve);
    void answered.promise.then(leave);
    return undefined;
  });
}
