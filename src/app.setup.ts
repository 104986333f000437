import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import type { DestinationStream } from 'pino';
import { AppModule } from './app.module.js';
import { WebhookSecrets } from './auth/webhook-secrets.js';
import type { ServiceConfig } from './config/service-config.js';
import { guardPushDoor } from './crm-push/push-door.js';
import { PushSecrets } from './crm-push/push-secrets.js';
import { Intake } from './enrichment/intake.js';
import { loadLimits, Overload } from './enrichment/overload.js';
import { keepAddressHashKey } from './logs/address-hash-key.js';
import { logRequests } from './logs/log-requests.js';
import { ServiceLogger } from './logs/service-logger.js';
import { measureLoad } from './measure-load.js';
import { Metrics } from './metrics/metrics.js';
import { ProblemFilter } from './problem.filter.js';
import { AddressHash } from './shared/address-hash.js';
import { sendProblem } from './shared/problem.js';
import { countAnswers } from './webhook/count-answers.js';
import { guardDoor } from './webhook/door.js';
import { logRefusals } from './webhook/log-refusals.js';

/** The sender gives up on an attempt after 100 s; a request that takes longer to arrive is of no use to it. */
const REQUEST_TIMEOUT_MS = 100_000;
/** No "@": it stands in log lines, and addresses do not. */
const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

/**
 * The real application, ready to listen; tests use the same.
 *
 * @param logTo where log lines go, as JSON
 */
export async function createApp(config: ServiceConfig, logTo: DestinationStream): Promise<NestFastifyApplication> {
  const { hash, lostBecause } = addressHash(config);
  const logger = ServiceLogger.create({ level: config.logLevel, hash, to: logTo });
  const adapter = new FastifyAdapter({
    bodyLimit: config.bodyLimitBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    requestIdHeader: false,
    genReqId: (request: IncomingMessage) => requestId(request),
    // Keys that would reach a prototype are dropped: refusing the message would lose it.
    onProtoPoisoning: 'remove',
    onConstructorPoisoning: 'remove',
    frameworkErrors: (error: FastifyError, _request: unknown, reply: FastifyReply) =>
      void sendProblem(reply, { status: error.statusCode ?? 400, detail: error.message }),
  });
  // Most do without, and what describes it takes 20 MB and part of a second.
  const admin = config.adminTokens.length === 0 ? null : await import('./admin/open-admin.js');
  const module = AppModule.register(config, hash, admin === null ? [] : [admin.AdminModule]);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger,
    bodyParser: false,
    abortOnError: false,
  });
  if (lostBecause !== null)
    new Logger('Logs').warn(
      `The key of address hashes cannot be kept (${lostBecause}): after a restart they are others`,
    );
  app.useGlobalFilters(new ProblemFilter(logger));
  const fastify = adapter.getInstance<FastifyInstance>();
  fastify.removeContentTypeParser('text/plain');
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  logRequests(fastify, logger, config.logLevel);
  logRefusals(fastify, logger);
  countAnswers(fastify, app.get(Metrics));
  const overload = new Overload(app.get(Intake), app.get(Metrics), {
    limits: loadLimits(config.maxInFlight),
    measure: await measureLoad(fastify),
  });
  fastify.addHook('onClose', async () => overload.close());
  guardDoor(fastify, { secrets: app.get(WebhookSecrets), intake: app.get(Intake), overload });
  guardPushDoor(fastify, app.get(PushSecrets), app.get(Intake));
  admin?.openAdmin(app, fastify);
  return app;
}

/** Lets those in flight finish, then stops listening and frees everything. */
export async function closeApp(app: NestFastifyApplication): Promise<void> {
  await app.get(Intake).drain();
  await app.close();
}

function requestId({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

function addressHash({ addressHashKey, dataDir }: ServiceConfig): { hash: AddressHash; lostBecause: string | null } {
  if (addressHashKey !== null) return { hash: new AddressHash(addressHashKey), lostBecause: null };
  const { key, lostBecause } = keepAddressHashKey(dataDir);
  return { hash: new AddressHash(key), lostBecause };
}
