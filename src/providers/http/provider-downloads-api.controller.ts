import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { RecordedDownloads } from '../../audit/recorded-downloads.service.js';
import { pageRequest } from '../../kernel/page.js';
import type { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import type { Version } from '../../kernel/terraform/version.js';
import { Namespaces } from '../../orgs/namespaces.service.js';
import { PageQueryDto } from '../../platform/http/pagination.dto.js';
import { VersionDownloadsDto } from '../../platform/http/version-downloads.dto.js';
import { presentDownloads } from '../../platform/http/version-downloads.presenter.js';
import { ApiVersionPath } from '../../platform/http/version-in-path.decorator.js';
import { ProviderNotFound } from '../domain/providers.errors.js';
import { ProviderCatalog } from '../provider-catalog.service.js';
import { ApiProviderPath, ProviderInPath, ProviderVersionInPath } from './provider-in-path.decorator.js';

const PAGES = { perPage: 25, maxPerPage: 1_000 };

/** Who fetched a version of a provider (REST contract 30.1). */
@ApiTags('Providers')
@ApiProviderPath()
@Controller('api/v1/providers/:namespace/:type/versions/:version/downloads')
export class ProviderDownloadsApiController {
  constructor(
    private readonly catalog: ProviderCatalog,
    private readonly downloads: RecordedDownloads,
    private readonly namespaces: Namespaces,
  ) {}

  /** The recorded downloads of a version, newest first. */
  @Get()
  @ApiVersionPath()
  @RequireScope('audit:read')
  @ApiOkResponse({ type: VersionDownloadsDto })
  async list(
    @ProviderInPath() address: ProviderAddress,
    @ProviderVersionInPath('changed') version: Version,
    @Query() query: PageQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<VersionDownloadsDto> {
    const granted = await this.namespaces.grantProviderChange(
      principal,
      address,
      'audit:read',
      'providers:read',
    );
    if (granted === undefined) throw new ProviderNotFound();
    const { organizationId } = granted.grant;
    const ids = await this.catalog.idsForAudit(granted.address, version);
    const objects = { resourceType: 'provider', ids, organizationId } as const;
    return presentDownloads(await this.downloads.page(objects, pageRequest(query, PAGES)), this.downloads);
  }
}
