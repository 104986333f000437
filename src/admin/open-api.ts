import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { AdminModule } from './admin.module.js';
import { ADMIN_SECURITY } from './described.js';
import { SCHEMAS } from './schemas.js';

const DOCUMENT_PATH = 'docs/json';

/** Serves the description of the Admin API. There is no secret in it, so none is asked for. */
export function serveOpenApi(app: INestApplication): void {
  let document: OpenAPIObject | undefined;
  SwaggerModule.setup('docs', app, () => (document ??= describeAdminApi(app)), {
    ui: false,
    raw: ['json'],
    jsonDocumentUrl: DOCUMENT_PATH,
  });
}

function describeAdminApi(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('enricher Admin API')
    .setDescription('Simulate messages, look at rules and decisions, look customers up. Errors are RFC 9457 problems.')
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'ADMIN_TOKEN' }, ADMIN_SECURITY)
    .build();
  // The types of the package know OpenAPI 3.0 alone.
  const components = { ...config.components, schemas: SCHEMAS } as NonNullable<OpenAPIObject['components']>;
  return SwaggerModule.createDocument(app, { ...config, components }, { include: [AdminModule] });
}
