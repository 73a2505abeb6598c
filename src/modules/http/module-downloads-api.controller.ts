import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { RecordedDownloads } from '../../audit/recorded-downloads.service.js';
import { pageRequest } from '../../kernel/page.js';
import type { ModuleAddress } from '../../kernel/terraform/module-address.js';
import type { Version } from '../../kernel/terraform/version.js';
import { Namespaces } from '../../orgs/namespaces.service.js';
import { PageQueryDto } from '../../platform/http/pagination.dto.js';
import { VersionDownloadsDto } from '../../platform/http/version-downloads.dto.js';
import { presentDownloads } from '../../platform/http/version-downloads.presenter.js';
import { ApiVersionPath, VersionInPath } from '../../platform/http/version-in-path.decorator.js';
import { ModuleNotFound } from '../domain/modules.errors.js';
import { ModuleCatalog } from '../module-catalog.service.js';
import { ApiModulePath, ModuleInPath } from './module-in-path.decorator.js';

const PAGES = { perPage: 25, maxPerPage: 1_000 };

/** Who fetched a version of a module (REST contract 30.1). */
@ApiTags('Modules')
@ApiModulePath()
@Controller('api/v1/modules/:namespace/:name/:system/versions/:version/downloads')
export class ModuleDownloadsApiController {
  constructor(
    private readonly catalog: ModuleCatalog,
    private readonly downloads: RecordedDownloads,
    private readonly namespaces: Namespaces,
  ) {}

  /** The recorded downloads of a version, newest first. */
  @Get()
  @ApiVersionPath()
  @RequireScope('audit:read')
  @ApiOkResponse({ type: VersionDownloadsDto })
  async list(
    @ModuleInPath() address: ModuleAddress,
    @VersionInPath() version: Version,
    @Query() query: PageQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<VersionDownloadsDto> {
    const { namespace } = address;
    const organizationId = await this.namespaces.ownerFor(principal, namespace, 'audit:read', 'modules:read');
    if (organizationId === undefined) throw new ModuleNotFound();
    const ids = [await this.catalog.idForAudit(address, version)];
    const objects = { resourceType: 'module', ids, organizationId } as const;
    return presentDownloads(await this.downloads.page(objects, pageRequest(query, PAGES)), this.downloads);
  }
}
