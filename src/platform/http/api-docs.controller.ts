import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, NotFoundException, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Open } from '../../access/route-access.decorator.js';
import { WebConfig } from '../../config/web.config.js';
import { docsContentSecurityPolicy, docsPage } from './api-docs-page.js';
import { ApiDescription } from './api-description.js';

/** The files of `swagger-ui-dist` that the page needs, and nothing else of it. */
const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-16x16.png': 'image/png',
  'favicon-32x32.png': 'image/png',
};

const PAGE = '/api-docs/';

/**
 * The OpenAPI document and an interactive page over it (REST contract 5). Scripts and styles come from this
 * server, so the page works without internet. Not there when `api_docs.enabled` is off.
 */
@ApiTags('System')
@Controller()
export class ApiDocsController {
  constructor(
    private readonly web: WebConfig,
    private readonly description: ApiDescription,
  ) {}

  /** This document. */
  @Get(['swagger.json', 'openapi.json'])
  @Open()
  @ApiOkResponse({ description: 'The OpenAPI document of this interface' })
  document(@Res() reply: FastifyReply): void {
    this.assertEnabled();
    void reply
      .header('access-control-allow-origin', '*')
      .header('cross-origin-resource-policy', 'cross-origin')
      .type('application/json; charset=utf-8')
      .send(this.description.bytes());
  }

  /** The interactive page; without the slash at the end a redirect to it. */
  @Get(['api-docs', 'api-docs/index.html'])
  @Open()
  @ApiExcludeEndpoint()
  page(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.assertEnabled();
    const [path] = (request.raw.url ?? '').split('?');
    if (path === '/api-docs') {
      void reply.redirect(PAGE, 301);
      return;
    }
    const nonce = randomBytes(18).toString('base64');
    void reply
      .header('content-security-policy', docsContentSecurityPolicy(nonce))
      .header('x-frame-options', 'SAMEORIGIN')
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(docsPage(nonce));
  }

  /** A script, style or icon of the page. */
  @Get('api-docs/assets/:file')
  @Open()
  @ApiExcludeEndpoint()
  async asset(
    @Param('file') file: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    this.assertEnabled();
    const type = Object.hasOwn(ASSETS, file) ? ASSETS[file] : undefined;
    if (type === undefined) throw new NotFoundException('Not found');
    const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
    const bytes = await readFile(join(folder, file));
    const etag = `"${createHash('sha256').update(bytes).digest('hex')}"`;
    void reply.header('etag', etag).header('cache-control', 'public, max-age=3600');
    if (request.headers['if-none-match'] === etag) void reply.code(304).send();
    else void reply.type(type).send(bytes);
  }

  private assertEnabled(): void {
    if (!this.web.apiDocsEnabled) throw new NotFoundException('Not found');
  }
}
