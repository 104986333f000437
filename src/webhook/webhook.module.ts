import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { EnrichmentModule } from '../enrichment/enrichment.module.js';
import { WebhookController } from './webhook.controller.js';

@Module({ imports: [AuthModule, EnrichmentModule], controllers: [WebhookController] })
export class WebhookModule {}
