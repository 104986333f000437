import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AdminTokens } from './admin-tokens.js';

/** Lets in only who carries an admin token. `admin/admin-door.ts` asks the same before the body is read. */
@Injectable()
export class AdminAuthGuard implements CanActivate {
  constructor(private readonly tokens: AdminTokens) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (this.tokens.accepts(request.headers.authorization)) return true;
    throw new UnauthorizedException();
  }
}
