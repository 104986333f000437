import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AdminTokens } from '../auth/admin-tokens.js';
import { refuseEncoding, sendProblem } from '../shared/problem.js';

/** Below it is the Admin API. */
export const ADMIN_PATH = 'admin';
/** Of the bodies that hold no message. */
const BODY_LIMIT_BYTES = 65_536;
const SIMULATE_URL = `/${ADMIN_PATH}/simulate`;

/**
 * Decides before the body is read whether a request comes in, as `webhook/door.ts` does for deliveries, which also answers unknown paths.
 * Must be called before routes are made.
 */
export function guardAdminDoor(fastify: FastifyInstance, tokens: AdminTokens): void {
  fastify.addHook('onRoute', (route) => {
    if (isOfAdmin(route.url) && route.url !== SIMULATE_URL) route.bodyLimit = BODY_LIMIT_BYTES;
  });
  fastify.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    if (request.is404 || !isOfAdmin(request.routeOptions.url ?? '')) return undefined;
    // Answers are about customers.
    reply.header('cache-control', 'no-store');
    if (!tokens.accepts(request.headers.authorization)) return sendProblem(reply, { status: 401 });
    return refuseEncoding(request, reply) ?? undefined;
  });
}

function isOfAdmin(url: string): boolean {
  return url.startsWith(`/${ADMIN_PATH}/`);
}
