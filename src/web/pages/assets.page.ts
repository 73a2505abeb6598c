import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Open } from '../../access/route-access.decorator.js';
import { RateLimit } from '../../platform/http/rate-limit.decorator.js';
import { StyleSheet } from '../style-sheet.js';
import { AssetNotFound } from '../web.errors.js';

/** The files of the pages. */
@ApiExcludeController()
@Controller()
export class AssetsPage {
  constructor(private readonly styleSheet: StyleSheet) {}

  /** The style sheet, under the name that goes with its content. */
  @Get(['assets/:file', 'api/v1/oauth/assets/:file'])
  @Open()
  @RateLimit('none')
  asset(@Param('file') file: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const { fileName, digest, bytes } = this.styleSheet;
    if (file !== fileName) throw new AssetNotFound();
    const etag = `"${digest}"`;
    void reply.header('etag', etag).header('cache-control', 'public, max-age=31536000, immutable');
    if (request.headers['if-none-match'] === etag) void reply.code(304).send();
    else void reply.type('text/css; charset=utf-8').send(bytes);
  }
}
