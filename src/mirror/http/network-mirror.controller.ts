import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PublicRead } from '../../access/route-access.decorator.js';
import { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { Version } from '../../kernel/terraform/version.js';
import { DocumentReplies } from '../../platform/documents/document-replies.js';
import { OWN_HOST, OwnHostPaths } from '../../platform/documents/own-host-paths.js';
import { ProviderNotFound } from '../../providers/domain/providers.errors.js';
import { MirrorIndexDto, MirrorVersionDto } from './network-mirror.dto.js';

interface MirrorPath {
  readonly hostname: string;
  readonly namespace: string;
  readonly type: string;
}

/**
 * The provider network mirror protocol (REST contract 6.3). The host name is part of the identity: the names of this
 * registry mean what is published here. What is not here is 404, so that clients go on to their next source.
 */
@ApiTags('Terraform protocols')
@ApiParam({ name: 'hostname', type: String })
@ApiParam({ name: 'namespace', type: String })
@ApiParam({ name: 'type', type: String })
@Controller('terraform/providers/:hostname/:namespace/:type')
export class NetworkMirrorController {
  constructor(
    private readonly documents: DocumentReplies,
    private readonly ownHost: OwnHostPaths,
  ) {}

  /** Every version of a provider that can be installed. */
  @Get('index.json')
  @PublicRead('providers:read')
  @ApiOkResponse({ type: MirrorIndexDto })
  async index(
    @Param() path: MirrorPath,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.send(path, 'index', request, reply);
  }

  /** The archives of a version, by platform. */
  @Get(':version.json')
  @PublicRead('providers:read')
  @ApiParam({ name: 'version', type: String })
  @ApiOkResponse({ type: MirrorVersionDto })
  async version(
    @Param() path: MirrorPath,
    @Param('version') version: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.send(path, Version.parse(version).text, request, reply);
  }

  private async send(
    path: MirrorPath,
    name: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const address = ProviderAddress.parse(path);
    if (!this.ownHost.isOwn(path.hostname)) throw new ProviderNotFound();
    const stored = `/terraform/providers/${OWN_HOST}/${address.toString()}/${name}.json`;
    if (!(await this.documents.send(request, reply, stored))) throw new ProviderNotFound();
  }
}
