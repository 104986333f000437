import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { ConfigModule, registerAs } from '@nestjs/config';
import { SERVICE_CONFIG, type ServiceConfig } from './config/service-config.js';
import { CrmPushModule } from './crm-push/crm-push.module.js';
import { HealthModule } from './health/health.module.js';
import { LogsModule } from './logs/logs.module.js';
import { PrefetchModule } from './prefetch/prefetch.module.js';
import type { AddressHash } from './shared/address-hash.js';
import { WebhookModule } from './webhook/webhook.module.js';

@Module({})
export class AppModule {
  /**
   * The application with a configuration that was read before: the HTTP server needs some of it to be made.
   *
   * @param more faces that not every configuration has
   */
  static register(config: ServiceConfig, hash: AddressHash, more: readonly Type[]): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, load: [registerAs(SERVICE_CONFIG, () => config)] }),
        LogsModule.register(hash),
        WebhookModule,
        CrmPushModule,
        PrefetchModule,
        HealthModule,
        ...more,
      ],
    };
  }
}
