import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { PushSecrets } from './push-secrets.js';

/** Lets in only who carries the provider's secret. `push-door.ts` asks the same before the body is read. */
@Injectable()
export class PushAuthGuard implements CanActivate {
  constructor(private readonly secrets: PushSecrets) {}

  canActivate(context: ExecutionContext): boolean {
    const { params, headers } = context.switchToHttp().getRequest<FastifyRequest>();
    const { provider } = params as { readonly provider: string };
    if (this.secrets.accepts(provider, headers.authorization)) return true;
    throw new UnauthorizedException();
  }
}
