import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { PublicRead } from '../../access/route-access.decorator.js';
import { ModuleAddress } from '../../kernel/terraform/module-address.js';
import { Version } from '../../kernel/terraform/version.js';
import { DocumentReplies } from '../../platform/documents/document-replies.js';
import { ApiVersionPath, VersionInPath } from '../../platform/http/version-in-path.decorator.js';
import { ModuleNotFound } from '../domain/modules.errors.js';
import { ModuleCatalog } from '../module-catalog.service.js';
import { presentRichVersions } from './module-protocol.presenter.js';
import { ApiModulePath, ModuleInPath } from './module-in-path.decorator.js';

/**
 * The module registry protocol, `modules.v1` (REST contract 6.1). Requests with `X-Terraform-Version` get
 * the prepared document, usually before the router is asked; others the richer answer.
 */
@ApiTags('Terraform protocols')
@ApiModulePath()
@Controller('v1/modules/:namespace/:name/:system')
export class ModuleProtocolController {
  constructor(
    private readonly documents: DocumentReplies,
    private readonly catalog: ModuleCatalog,
  ) {}

  /** Every version of a module, newest first, complete. */
  @Get('versions')
  @PublicRead('modules:read')
  @ApiOkResponse({ description: 'One module with all of its versions' })
  async versions(
    @ModuleInPath() address: ModuleAddress,
    @Query('readme') readme: string | undefined,
    @Query('limit') limit: string | undefined,
    @Query('offset') offset: string | undefined,
    @CurrentPrincipal() principal: Principal,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (this.documents.isLean(request)) {
      if (await this.documents.send(request, reply, `${address.protocolPath}/versions`)) return;
      throw new ModuleNotFound();
    }
    const versions = await this.catalog.versions(address, principal);
    const page = sliceOf(versions, { limit, offset });
    this.documents.sendRich(request, reply, presentRichVersions(address, page, readme !== 'false'));
  }

  /** Where the archive of a version is: 204 with `X-Terraform-Get`. */
  @Get(':version/download')
  @ApiVersionPath()
  @PublicRead('modules:read')
  @ApiNoContentResponse({ description: 'The header X-Terraform-Get carries a signed URL' })
  async download(
    @ModuleInPath() address: ModuleAddress,
    @VersionInPath() version: Version,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const path = `${address.protocolPath}/${version.text}/download`;
    if (await this.documents.send(request, reply, path)) return;
    await this.catalog.explainMissingDownload(address, version);
  }
}

/** `limit` and `offset` are honored only when given; without them the list is complete. */
function sliceOf<T>(
  items: readonly T[],
  page: { limit: string | undefined; offset: string | undefined },
): readonly T[] {
  const offset = wholeNumber(page.offset) ?? 0;
  const limit = wholeNumber(page.limit);
  return items.slice(offset, limit === undefined ? undefined : offset + limit);
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
