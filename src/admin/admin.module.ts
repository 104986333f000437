import { Module } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { AdminAuthGuard } from '../auth/admin-auth.guard.js';
import { AdminTokens } from '../auth/admin-tokens.js';
import { SERVICE_CONFIG, type ServiceConfig } from '../config/service-config.js';
import { EnrichmentModule } from '../enrichment/enrichment.module.js';
import { AdminStore } from './admin-store.js';
import { CrmController } from './crm.controller.js';
import { DecisionsController } from './decisions.controller.js';
import { RulesController } from './rules.controller.js';
import { SimulateController } from './simulate.controller.js';

/** Is part of the application only when there is a token. */
@Module({
  imports: [EnrichmentModule],
  providers: [
    AdminTokens,
    AdminAuthGuard,
    {
      provide: AdminStore,
      inject: [getConfigToken(SERVICE_CONFIG)],
      useFactory: ({ databaseUrl }: ServiceConfig) => new AdminStore(databaseUrl),
    },
  ],
  controllers: [SimulateController, RulesController, DecisionsController, CrmController],
})
export class AdminModule {}
