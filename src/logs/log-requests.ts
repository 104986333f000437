import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { LogLevel } from '../config/env.dto.js';
import type { ServiceLogger } from './service-logger.js';

/** Puts the request's id on every line that is logged for it, and from level debug on logs each request, health and metrics included. */
export function logRequests(fastify: FastifyInstance, logger: ServiceLogger, level: LogLevel): void {
  // Not earlier: what is read while the body comes in does not keep the context.
  fastify.addHook('preValidation', (request, _reply, done) => logger.withRequestId(request.id, done));
  if (level !== 'debug' && level !== 'trace') return;
  const requests = new Logger('Http');
  fastify.addHook('onResponse', (request, reply, done) => {
    const durationMs = Math.round(reply.elapsedTime);
    // The route, never the URL: that is whatever somebody sent.
    const told = {
      method: request.method,
      route: request.routeOptions.url ?? null,
      status: reply.statusCode,
      durationMs,
    };
    logger.withRequestId(request.id, () => requests.debug(told, 'request answered'));
    done();
  });
}
