import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { WebhookSecrets } from './webhook-secrets.js';

/** Lets in only who carries a webhook secret. `webhook/door.ts` asks the same before the body is read. */
@Injectable()
export class WebhookAuthGuard implements CanActivate {
  constructor(private readonly secrets: WebhookSecrets) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (this.secrets.accepts(request.headers.authorization)) return true;
    throw new UnauthorizedException();
  }
}
