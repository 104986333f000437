import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Intake } from '../enrichment/intake.js';
import { refuseEncoding, sendProblem } from '../shared/problem.js';
import { PUSH_PATH } from './push.controller.js';
import type { PushSecrets } from './push-secrets.js';

/** Decides before the body is read whether a change comes in, as `webhook/door.ts` does for deliveries, which also answers unknown paths. */
export function guardPushDoor(fastify: FastifyInstance, secrets: PushSecrets, intake: Intake): void {
  fastify.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    if (request.is404 || request.routeOptions.url !== `/${PUSH_PATH}`) return undefined;
    const { provider } = request.params as { readonly provider: string };
    if (!secrets.has(provider)) return sendProblem(reply, { status: 404 });
    if (!secrets.accepts(provider, request.headers.authorization)) return sendProblem(reply, { status: 401 });
    const refusal = refuseEncoding(request, reply);
    if (refusal !== null) return refusal;
    if (intake.isDraining)
      return sendProblem(reply, { status: 503, detail: 'The service is stopping; send the changes again' });
    return undefined;
  });
}
