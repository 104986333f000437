import { Module } from '@nestjs/common';
import { AdminAuthGuard } from '../auth/admin-auth.guard.js';
import { AdminTokens } from '../auth/admin-tokens.js';
import { EnrichmentModule } from '../enrichment/enrichment.module.js';
import { CrmController } from './crm.controller.js';
import { DecisionsController } from './decisions.controller.js';
import { RulesController } from './rules.controller.js';
import { SimulateController } from './simulate.controller.js';

/** Is part of the application only when there is a token. */
@Module({
  imports: [EnrichmentModule],
  providers: [AdminTokens, AdminAuthGuard],
  controllers: [SimulateController, RulesController, DecisionsController, CrmController],
})
export class AdminModule {}
