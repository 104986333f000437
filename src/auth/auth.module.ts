import { Module } from '@nestjs/common';
import { WebhookAuthGuard } from './webhook-auth.guard.js';
import { WebhookSecrets } from './webhook-secrets.js';

@Module({ providers: [WebhookSecrets, WebhookAuthGuard], exports: [WebhookSecrets, WebhookAuthGuard] })
export class AuthModule {}
