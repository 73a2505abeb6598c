import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { PublicRead } from '../../access/route-access.decorator.js';
import { Platform } from '../../kernel/terraform/platform.js';
import { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { Version } from '../../kernel/terraform/version.js';
import { DocumentReplies } from '../../platform/documents/document-replies.js';
import { ApiVersionPath } from '../../platform/http/version-in-path.decorator.js';
import { ProviderNotFound } from '../domain/providers.errors.js';
import { ProviderCatalog } from '../provider-catalog.service.js';
import { presentRichVersions } from './provider-protocol.presenter.js';
import { ApiProviderPath, ProviderInPath, ProviderVersionInPath } from './provider-in-path.decorator.js';

/**
 * The provider registry protocol, `providers.v1` (REST contract 6.2). Requests with `X-Terraform-Version`
 * get the prepared document, usually before the router is asked; others the richer answer.
 */
@ApiTags('Terraform protocols')
@ApiProviderPath()
@Controller('v1/providers/:namespace/:type')
export class ProviderProtocolController {
  constructor(
    private readonly documents: DocumentReplies,
    private readonly catalog: ProviderCatalog,
  ) {}

  /** Every version of a provider, newest first, complete. */
  @Get('versions')
  @PublicRead('providers:read')
  @ApiOkResponse({ description: 'All versions with protocols and platforms' })
  async versions(
    @ProviderInPath() address: ProviderAddress,
    @CurrentPrincipal() principal: Principal,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (this.documents.isLean(request)) {
      const path = `${address.protocolPath}/versions`;
      if (await this.documents.send(request, reply, path, address.readers)) return;
      throw new ProviderNotFound();
    }
    const { releases, warnings } = await this.catalog.versions(address, principal);
    this.documents.sendRich(request, reply, presentRichVersions(releases, warnings));
  }

  /** Where the package of a platform is, its checksum, and who signed it. */
  @Get(':version/download/:os/:arch')
  @ApiVersionPath()
  @PublicRead('providers:read')
  @ApiOkResponse({ description: 'The download document of one platform' })
  async download(
    @ProviderInPath() address: ProviderAddress,
    @ProviderVersionInPath('read') version: Version,
    @Param('os') os: string,
    @Param('arch') arch: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const platform = Platform.parse({ os, arch });
    const path = `${address.protocolPath}/${version.text}/download/${platform.toString()}`;
    if (await this.documents.send(request, reply, path, address.readers)) return;
    await this.catalog.explainMissingDownload(address, version, platform);
  }
}
