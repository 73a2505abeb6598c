import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { PublicRead } from '../../access/route-access.decorator.js';
import { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { Version } from '../../kernel/terraform/version.js';
import { ApiVersionPath } from '../../platform/http/version-in-path.decorator.js';
import { DOCUMENTATION_KINDS } from '../domain/provider-documentation.js';
import { ProviderPageNotFound } from '../domain/providers.errors.js';
import { ProviderPages } from '../provider-pages.service.js';
import { ProviderDocumentationDto, ProviderPageDto } from './provider-documentation.dto.js';
import { presentDocumentation, presentPage } from './provider-documentation.presenter.js';
import { ApiProviderPath, ProviderInPath, ProviderVersionInPath } from './provider-in-path.decorator.js';

/** The documentation of provider versions (REST contract 30.6). */
@ApiTags('Providers')
@ApiProviderPath()
@Controller('api/v1/providers/:namespace/:type/versions/:version/docs')
export class ProviderDocumentationController {
  constructor(private readonly pages: ProviderPages) {}

  /** The pages of a version, and what became of its documentation archive. */
  @Get()
  @ApiVersionPath()
  @PublicRead('providers:read')
  @ApiOkResponse({ type: ProviderDocumentationDto })
  async overview(
    @ProviderInPath() address: ProviderAddress,
    @ProviderVersionInPath('read') version: Version,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ProviderDocumentationDto> {
    return presentDocumentation(await this.pages.overview(principal, address, version));
  }

  /** One page; the start page is `index/index`. */
  @Get(':kind/:page')
  @ApiVersionPath()
  @ApiParam({ name: 'kind', enum: DOCUMENTATION_KINDS })
  @ApiParam({ name: 'page', type: String })
  @PublicRead('providers:read')
  @ApiOkResponse({ type: ProviderPageDto })
  async page(
    @ProviderInPath() address: ProviderAddress,
    @ProviderVersionInPath('read') version: Version,
    @Param('kind') kindText: string,
    @Param('page') name: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ProviderPageDto> {
    const kind = DOCUMENTATION_KINDS.find((one) => one === kindText);
    if (kind === undefined) throw new ProviderPageNotFound();
    return presentPage(await this.pages.page(principal, address, version, { kind, name }));
  }
}
