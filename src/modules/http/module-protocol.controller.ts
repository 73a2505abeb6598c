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
import { SuppliedModules } from '../supplied-modules.service.js';
import {
  type LeanVersions,
  presentModule,
  presentRichVersions,
  presentWithMore,
} from './module-protocol.presenter.js';
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
    private readonly supplied: SuppliedModules,
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
    const supplied = await this.supplied.versions(address);
    if (this.documents.isLean(request)) {
      const path = `${address.protocolPath}/versions`;
      if (supplied !== undefined) {
        const held = (await this.documents.content(path)) as LeanVersions | undefined;
        const more = [...supplied.here, ...supplied.more];
        return this.documents.sendRich(request, reply, presentWithMore(address, held, more));
      }
      if (await this.documents.send(request, reply, path)) return;
      throw new ModuleNotFound();
    }
    const more = supplied?.more ?? [];
    const held = await this.catalog.versions(address, principal, { isOptional: more.length > 0 });
    const listed = presentRichVersions(held, more, readme !== 'false');
    this.documents.sendRich(request, reply, presentModule(address, sliceOf(listed, { limit, offset })));
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
    const location = await this.supplied.location(address, version);
    if (location !== undefined) {
      const headers = {
        'x-terraform-get': location,
        'cache-control': 'no-store',
        vary: 'X-Terraform-Version',
      };
      return void reply.code(204).headers(headers).send();
    }
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
