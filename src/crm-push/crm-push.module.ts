import { Module } from '@nestjs/common';
import type { CrmConfig } from '../crm/crm-config.js';
import { CRM_CONFIG, EnrichmentModule } from '../enrichment/enrichment.module.js';
import { PushAuthGuard } from './push-auth.guard.js';
import { PushSecrets } from './push-secrets.js';
import { PushController } from './push.controller.js';

@Module({
  imports: [EnrichmentModule],
  providers: [
    { provide: PushSecrets, inject: [CRM_CONFIG], useFactory: (crm: CrmConfig) => new PushSecrets(crm) },
    PushAuthGuard,
  ],
  controllers: [PushController],
})
export class CrmPushModule {}
