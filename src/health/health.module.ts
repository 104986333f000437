import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { EnrichmentModule } from '../enrichment/enrichment.module.js';
import { HealthController } from './health.controller.js';

@Module({ imports: [TerminusModule.forRoot({ logger: false }), EnrichmentModule], controllers: [HealthController] })
export class HealthModule {}
