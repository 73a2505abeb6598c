import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { PublicRead } from '../../access/route-access.decorator.js';
import { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { Version } from '../../kernel/terraform/version.js';
import { ApiVersionPath } from '../../platform/http/version-in-path.decorator.js';
import { ProviderRegistryDetails } from '../provider-registry-details.service.js';
import { ApiProviderPath, ProviderInPath, ProviderVersionInPath } from './provider-in-path.decorator.js';
import { RegistryProviderDetailDto } from './provider-registry.dto.js';
import { presentRegistryDetail } from './provider-registry.presenter.js';

/** One provider in the form of the public registry API. No CLI asks for it. */
@ApiTags('Terraform protocols')
@ApiProviderPath()
@Controller('v1/providers/:namespace/:type')
export class ProviderRegistryDetailController {
  constructor(private readonly details: ProviderRegistryDetails) {}

  /** A provider at its latest version. */
  @Get()
  @PublicRead('providers:read')
  @ApiOkResponse({ type: RegistryProviderDetailDto })
  async latest(
    @ProviderInPath() address: ProviderAddress,
    @CurrentPrincipal() principal: Principal,
  ): Promise<RegistryProviderDetailDto> {
    return presentRegistryDetail(await this.details.find(principal, address, 'latest'));
  }

  /** A provider at one of its versions. */
  @Get(':version')
  @ApiVersionPath()
  @PublicRead('providers:read')
  @ApiOkResponse({ type: RegistryProviderDetailDto })
  async version(
    @ProviderInPath() address: ProviderAddress,
    @ProviderVersionInPath('read') version: Version,
    @CurrentPrincipal() principal: Principal,
  ): Promise<RegistryProviderDetailDto> {
    return presentRegistryDetail(await this.details.find(principal, address, version));
  }
}
