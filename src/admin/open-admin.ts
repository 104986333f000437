import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { AdminTokens } from '../auth/admin-tokens.js';
import { guardAdminDoor } from './admin-door.js';
import { serveDocsPage } from './docs-page.js';
import { serveOpenApi } from './open-api.js';

export { AdminModule } from './admin.module.js';

/** The door of the Admin API, and its description; the application must have `AdminModule`, and no route yet. */
export function openAdmin(app: NestFastifyApplication, fastify: FastifyInstance): void {
  guardAdminDoor(fastify, app.get(AdminTokens));
  serveOpenApi(app);
  serveDocsPage(fastify);
}
