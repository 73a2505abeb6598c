import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The files of `swagger-ui-dist` that the page needs, and nothing else of it. */
const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-16x16.png': 'image/png',
  'favicon-32x32.png': 'image/png',
};

const PAGE = '/api-docs/';

/**
 * Serves the OpenAPI document and an interactive page over it (REST contract 5). Scripts and styles come from this
 * server; the page works without internet.
 */
export function addApiDocs(fastify: FastifyInstance, document: () => object): void {
  let json: Buffer | undefined;
  const sendDocument = (_request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    json ??= Buffer.from(JSON.stringify(document()));
    return reply
      .header('access-control-allow-origin', '*')
      .header('cross-origin-resource-policy', 'cross-origin')
      .type('application/json; charset=utf-8')
      .send(json);
  };
  fastify.get('/swagger.json', sendDocument);
  fastify.get('/openapi.json', sendDocument);
  fastify.get('/api-docs', (request, reply) => {
    const [path] = (request.raw.url ?? '').split('?');
    return path === PAGE ? sendPage(reply) : reply.redirect(PAGE, 301);
  });
  fastify.get('/api-docs/index.html', (_request, reply) => sendPage(reply));
  fastify.get<{ Params: { file: string } }>('/api-docs/assets/:file', sendAsset);
}

function sendPage(reply: FastifyReply): FastifyReply {
  const nonce = randomBytes(18).toString('base64');
  return reply
    .header('content-security-policy', contentSecurityPolicy(nonce))
    .header('x-frame-options', 'SAMEORIGIN')
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(page(nonce));
}

async function sendAsset(
  request: FastifyRequest<{ Params: { file: string } }>,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const { file } = request.params;
  const type = Object.hasOwn(ASSETS, file) ? ASSETS[file] : undefined;
  if (type === undefined) {
    reply.callNotFound();
    return undefined;
  }
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const bytes = await readFile(join(folder, file));
  const etag = `"${createHash('sha256').update(bytes).digest('hex')}"`;
  void reply.header('etag', etag).header('cache-control', 'public, max-age=3600');
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  return reply.type(type).send(bytes);
}

function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ].join('; ');
}

function page(nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Terraform registry: interface</title>
<link rel="stylesheet" href="/api-docs/assets/swagger-ui.css">
<link rel="icon" type="image/png" href="/api-docs/assets/favicon-32x32.png" sizes="32x32">
</head>
<body>
<div id="swagger-ui"></div>
<script nonce="${nonce}" src="/api-docs/assets/swagger-ui-bundle.js"></script>
<script nonce="${nonce}">
SwaggerUIBundle({
  url: '/swagger.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
</script>
</body>
</html>
`;
}
