import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { ServiceLogger } from './logs/service-logger.js';
import { type Problem, sendProblem } from './shared/problem.js';

/** Shapes every error answer. What nobody expected becomes a 500 that tells only the log. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('Http');

  constructor(private readonly logger: ServiceLogger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const problem = toProblem(error);
    if (problem.status === 500) {
      const told = error instanceof Error ? error.stack : 'something that is no Error was thrown';
      this.logger.withRequestId(reply.request.id, () => this.#logger.error(told));
    }
    void sendProblem(reply, problem);
  }
}

function toProblem(error: unknown): Problem {
  if (error instanceof HttpException) {
    const body = error.getResponse() as Pick<Problem, 'violations'>;
    return {
      status: error.getStatus(),
      detail: error.message,
      ...(body.violations ? { violations: body.violations } : {}),
    };
  }
  // Fastify's own errors (body too large, malformed JSON) carry their status.
  const { statusCode, message } = error as { statusCode?: number; message: string };
  return statusCode !== undefined && statusCode >= 400 && statusCode < 500
    ? { status: statusCode, detail: message }
    : { status: 500 };
}
