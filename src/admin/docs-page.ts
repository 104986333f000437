import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';

/** Swagger UI comes with @nestjs/swagger, which would serve it by @fastify/static alone. */
const ofSwagger = createRequire(createRequire(import.meta.url).resolve('@nestjs/swagger'));

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>enricher Admin API</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;
const START = `SwaggerUIBundle({ url: '/docs/json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null });\n`;
/** A token is entered on this page: nothing but ours runs on it, and nobody frames it. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const JAVASCRIPT = 'text/javascript; charset=utf-8';
const FILES: Readonly<Record<string, readonly [type: string, content: () => Promise<string> | string]>> = {
  '/docs': ['text/html; charset=utf-8', () => PAGE],
  '/docs/start.js': [JAVASCRIPT, () => START],
  '/docs/swagger-ui-bundle.js': [JAVASCRIPT, () => readOfSwagger('swagger-ui-bundle.js')],
  '/docs/swagger-ui.css': ['text/css; charset=utf-8', () => readOfSwagger('swagger-ui.css')],
};

/** Serves the page on which people read the OpenAPI document and try its routes. */
export function serveDocsPage(fastify: FastifyInstance): void {
  for (const [url, [type, content]] of Object.entries(FILES)) {
    fastify.get(url, async (_request, reply) => {
      reply.header('content-type', type).header('content-security-policy', CONTENT_SECURITY_POLICY);
      return reply.send(await content());
    });
  }
}

function readOfSwagger(name: string): Promise<string> {
  return readFile(ofSwagger.resolve(`swagger-ui-dist/${name}`), 'utf8');
}
