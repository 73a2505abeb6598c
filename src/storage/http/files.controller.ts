import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { SignedUrl } from '../../access/route-access.decorator.js';
import { FileAccess } from '../file-access.service.js';
import { FileAnswers } from '../file-answers.service.js';
import { parseFileTarget } from '../file-target.js';

/** `/v1/files/…`: stored objects behind signed URLs, for GET and HEAD (REST contract 7). */
@ApiExcludeController()
@Controller('v1/files')
export class FilesController {
  constructor(
    private readonly access: FileAccess,
    private readonly answers: FileAnswers,
  ) {}

  @Get('*')
  @SignedUrl()
  async send(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    const granted = await this.access.grant(parseFileTarget(request.raw.url ?? ''), principal);
    await this.answers.send(granted, request.raw, reply.raw, {
      headers: Object.entries(reply.getHeaders()).flatMap(([name, value]) => [name, String(value)]),
      beforeHead: () => void reply.hijack(),
    });
  }
}
