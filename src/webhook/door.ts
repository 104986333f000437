import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { WebhookSecrets } from '../auth/webhook-secrets.js';
import type { Intake } from '../enrichment/intake.js';
import type { Overload } from '../enrichment/overload.js';
import { refuseEncoding, sendProblem } from '../shared/problem.js';
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
export function guardDoor(
  fastify: FastifyInstance,
  { secrets, intake, overload }: { secrets: WebhookSecrets; intake: Intake; overload: Overload },
): void {
  // With "done", not a promise: most requests go on, and a promise costs more than all that is asked here.
  fastify.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done) => {
    if (request.is404) return sendProblem(reply, { status: 404 });
    if (!isDelivery(request)) return done();
    if (!secrets.accepts(request.headers.authorization)) return sendProblem(reply, { status: 401 });
    const refusal = refuseEncoding(request, reply);
    if (refusal !== null) return refusal;
    if (intake.isDraining) return sendStopping(reply);
    const bodyBytes = Number(request.headers['content-length'] ?? 0);
    const retryAfterSeconds = overload.refuse(bodyBytes);
    if (retryAfterSeconds !== null) return sendOverloaded(reply, retryAfterSeconds);
    intake.enter(request, bodyBytes);
    // The answer was handed over, or the sender went away.
    const leave = () => intake.leave(request);
    reply.raw.once('finish', leave);
    reply.raw.once('close', leave);
    return done();
  });
}

function sendStopping(reply: FastifyReply): FastifyReply {
  return sendProblem(reply, { status: 503, detail: 'The service is stopping; send the delivery again' });
}

function sendOverloaded(reply: FastifyReply, retryAfterSeconds: number): FastifyReply {
  reply.header('retry-after', retryAfterSeconds);
  return sendProblem(reply, { status: 429, detail: 'The service is overloaded; send the delivery again' });
}
