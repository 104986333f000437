import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ConsoleLogger, type LoggerService, type LogLevel as NestLogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { AppModule } from './app.module.js';
import { WebhookSecrets } from './auth/webhook-secrets.js';
import type { ServiceConfig } from './config/service-config.js';
import type { LogLevel } from './config/env.dto.js';
import { Intake } from './enrichment/intake.js';
import { ProblemFilter } from './problem.filter.js';
import { sendProblem } from './shared/problem.js';
import { guardDoor } from './webhook/door.js';

/** The sender gives up on an attempt after 100 s; a request that takes longer to arrive is of no use to it. */
const REQUEST_TIMEOUT_MS = 100_000;
const REQUEST_ID = /^[\w.:@/+=-]{1,128}$/;

/** The real application, ready to listen; tests use the same. */
export async function createApp(
  config: ServiceConfig,
  logger: LoggerService | false = createLogger(config),
): Promise<NestFastifyApplication> {
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
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.register(config), adapter, {
    logger,
    bodyParser: false,
    abortOnError: false,
  });
  app.useGlobalFilters(new ProblemFilter());
  const fastify = adapter.getInstance<FastifyInstance>();
  fastify.removeContentTypeParser('text/plain');
  fastify.addHook('onRequest', async (request, reply) => void reply.header('x-request-id', request.id));
  guardDoor(fastify, app.get(WebhookSecrets), app.get(Intake));
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

const NEST_LEVELS: Readonly<Record<LogLevel, readonly NestLogLevel[]>> = {
  silent: [],
  fatal: ['fatal'],
  error: ['fatal', 'error'],
  warn: ['fatal', 'error', 'warn'],
  info: ['fatal', 'error', 'warn', 'log'],
  debug: ['fatal', 'error', 'warn', 'log', 'debug'],
  trace: ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'],
};

function createLogger({ logLevel, logPretty }: ServiceConfig): LoggerService {
  return new ServiceLogger({
    logLevels: [...NEST_LEVELS[logLevel]],
    json: !logPretty,
    colors: logPretty,
    prefix: 'enricher',
  });
}

const FRAMEWORK_CONTEXTS = new Set([
  'NestFactory',
  'NestApplication',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
]);

/** Leaves out what Nest tells of its own assembly, which no operator can use. */
class ServiceLogger extends ConsoleLogger {
  override log(message: unknown, ...context: unknown[]): void {
    if (!FRAMEWORK_CONTEXTS.has(String(context.at(-1)))) super.log(message, ...context);
  }

  /** What keeps the service from starting is told once, by who started it. */
  override error(message: unknown, ...context: unknown[]): void {
    if (context.at(-1) !== 'ExceptionHandler') super.error(message, ...context);
  }
}
