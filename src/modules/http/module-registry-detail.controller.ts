import { Controller, Get, Res } from '@nestjs/common';
import { ApiFoundResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { PublicRead } from '../../access/route-access.decorator.js';
import { ServerConfig } from '../../config/server.config.js';
import { ModuleAddress } from '../../kernel/terraform/module-address.js';
import { Version } from '../../kernel/terraform/version.js';
import { ApiVersionPath, VersionInPath } from '../../platform/http/version-in-path.decorator.js';
import { ModuleRegistryDetails } from '../module-registry-details.service.js';
import { ApiModulePath, ModuleInPath } from './module-in-path.decorator.js';
import { RegistryModuleDetailDto } from './module-registry.dto.js';
import { presentRegistryDetail } from './module-registry.presenter.js';

/** One module in the form of the public registry API (protocol document, section 5). No CLI asks for it. */
@ApiTags('Terraform protocols')
@ApiModulePath()
@Controller('v1/modules/:namespace/:name/:system')
export class ModuleRegistryDetailController {
  /** What a proxy takes away in front of the path. */
  private readonly prefix: string;

  constructor(
    private readonly details: ModuleRegistryDetails,
    { publicUrl }: ServerConfig,
  ) {
    this.prefix = new URL(publicUrl).pathname.replace(/\/+$/, '');
  }

  /** A module at its latest version. */
  @Get()
  @PublicRead('modules:read')
  @ApiOkResponse({ type: RegistryModuleDetailDto })
  async latest(
    @ModuleInPath() address: ModuleAddress,
    @CurrentPrincipal() principal: Principal,
  ): Promise<RegistryModuleDetailDto> {
    return presentRegistryDetail(await this.details.find(principal, address, 'latest'));
  }

  /**
   * Leads to the download of the latest version. The address has no host: a client drops its token when a redirect
   * changes the host.
   */
  @Get('download')
  @PublicRead('modules:read')
  @ApiFoundResponse({ description: 'Location is the path of the download of the latest version' })
  async downloadLatest(@ModuleInPath() address: ModuleAddress, @Res() reply: FastifyReply): Promise<void> {
    const version = await this.details.latest(address);
    await reply.redirect(`${this.prefix}${address.protocolPath}/${version}/download`, 302);
  }

  /** A module at one of its versions. */
  @Get(':version')
  @ApiVersionPath()
  @PublicRead('modules:read')
  @ApiOkResponse({ type: RegistryModuleDetailDto })
  async version(
    @ModuleInPath() address: ModuleAddress,
    @VersionInPath() version: Version,
    @CurrentPrincipal() principal: Principal,
  ): Promise<RegistryModuleDetailDto> {
    return presentRegistryDetail(await this.details.find(principal, address, version));
  }
}
