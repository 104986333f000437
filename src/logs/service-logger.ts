import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger, type Params, PinoLogger } from 'nestjs-pino';
import { type DestinationStream, stdTimeFunctions } from 'pino';
import type { LogLevel } from '../config/env.dto.js';
import type { AddressHash } from '../shared/address-hash.js';
import { maskLine } from './mask-line.js';

export interface LogSettings {
  readonly level: LogLevel;
  readonly hash: AddressHash;
  readonly to: DestinationStream;
}

/** Of the request that is being answered. pino's own way is a logger for each request, which costs more than the line. */
const requestIds = new AsyncLocalStorage<string>();
const FRAMEWORK_CONTEXTS = new Set([
  'NestFactory',
  'NestApplication',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
]);

/** What `Logger` of `@nestjs/common` writes through: one line of JSON each, no address and no credential in it. */
export class ServiceLogger extends Logger {
  static create(settings: LogSettings): ServiceLogger {
    const params = toParams(settings);
    return new ServiceLogger(new PinoLogger(params), params);
  }

  /** Runs something all lines of which carry the id of the request. */
  withRequestId<T>(requestId: string, run: () => T): T {
    return requestIds.run(requestId, run);
  }

  /** Leaves out what Nest tells of its own assembly, which no operator can use. */
  override log(message: unknown, ...context: unknown[]): void {
    if (!FRAMEWORK_CONTEXTS.has(String(context.at(-1)))) super.log(message, ...context);
  }

  /** What keeps the service from starting is told once, by who started it. */
  override error(message: unknown, ...context: unknown[]): void {
    if (context.at(-1) !== 'ExceptionHandler') super.error(message, ...context);
  }
}

function toParams({ level, hash, to }: LogSettings): Params {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    mixin: () => {
      const requestId = requestIds.getStore();
      return requestId === undefined ? {} : { requestId };
    },
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: { streamWrite: (line: string) => maskLine(line, hash) },
  };
  return { pinoHttp: [options, to] };
}
