import { type DynamicModule, Module } from '@nestjs/common';
import { ConfigModule, registerAs } from '@nestjs/config';
import { SERVICE_CONFIG, type ServiceConfig } from './config/service-config.js';
import { HealthModule } from './health/health.module.js';
import { WebhookModule } from './webhook/webhook.module.js';

@Module({})
export class AppModule {
  /** The application with a configuration that was read before: the HTTP server needs some of it to be made. */
  static register(config: ServiceConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, load: [registerAs(SERVICE_CONFIG, () => config)] }),
        WebhookModule,
        HealthModule,
      ],
    };
  }
}
