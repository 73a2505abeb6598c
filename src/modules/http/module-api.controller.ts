import { Body, Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { PublicRead, RequireScope } from '../../access/route-access.decorator.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { ModuleAddress } from '../../kernel/terraform/module-address.js';
import { Version } from '../../kernel/terraform/version.js';
import type { PublishGrant } from '../../orgs/domain/publish-grant.js';
import { Namespaces } from '../../orgs/namespaces.service.js';
import { ApiVersionPath, VersionInPath } from '../../platform/http/version-in-path.decorator.js';
import { ModuleNotFound } from '../domain/modules.errors.js';
import { ModuleCatalog } from '../module-catalog.service.js';
import { ModuleLifecycle } from '../module-lifecycle.service.js';
import {
  DeprecateModuleVersionDto,
  ModuleChangedDto,
  ModuleDetailDto,
  ModuleVersionChangedDto,
} from './module-api.dto.js';
import { presentDetail } from './module-api.presenter.js';
import { ApiModulePath, ModuleInPath } from './module-in-path.decorator.js';

/** Modules as people and scripts see and change them (REST contract 15). */
@ApiTags('Modules')
@ApiModulePath()
@Controller('api/v1/modules/:namespace/:name/:system')
export class ModuleApiController {
  constructor(
    private readonly catalog: ModuleCatalog,
    private readonly lifecycle: ModuleLifecycle,
    private readonly namespaces: Namespaces,
  ) {}

  /** A module with all its versions, newest first. */
  @Get()
  @PublicRead('modules:read')
  @ApiOkResponse({ type: ModuleDetailDto })
  async detail(
    @ModuleInPath() address: ModuleAddress,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ModuleDetailDto> {
    return presentDetail(await this.catalog.detail(address, principal));
  }

  /** Deletes a module; its version numbers and the claim on its namespace stay. */
  @Delete()
  @RequireScope('modules:write')
  @Audited('module')
  @ApiOkResponse({ type: ModuleChangedDto })
  async deleteModule(
    @ModuleInPath() address: ModuleAddress,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ModuleChangedDto> {
    await this.lifecycle.deleteModule(await this.grant(principal, address), address);
    const { namespace, name, system } = address;
    return { message: 'Module deleted successfully', namespace, name, system };
  }

  /** Deletes a version to a tombstone: only the same bytes bring it back. */
  @Delete('versions/:version')
  @ApiVersionPath()
  @RequireScope('modules:write')
  @Audited('module')
  @ApiOkResponse({ type: ModuleVersionChangedDto })
  async deleteVersion(
    @ModuleInPath() address: ModuleAddress,
    @VersionInPath() version: Version,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ModuleVersionChangedDto> {
    await this.lifecycle.deleteVersion(await this.grant(principal, address), address, version);
    return changed('Version deleted successfully', address, version);
  }

  /** Marks a version deprecated. */
  @Post('versions/:version/deprecate')
  @ApiVersionPath()
  @HttpCode(200)
  @RequireScope('modules:write')
  @Audited('module')
  @ApiOkResponse({ type: ModuleVersionChangedDto })
  async deprecate(
    @ModuleInPath() address: ModuleAddress,
    @VersionInPath() version: Version,
    @Body() body: DeprecateModuleVersionDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ModuleVersionChangedDto> {
    const grant = await this.grant(principal, address);
    await this.lifecycle.deprecate(grant, address, version, {
      message: body?.message ?? null,
      replacement: body?.replacement ? readReplacement(body.replacement) : null,
    });
    return changed('Version deprecated successfully', address, version);
  }

  /** Takes the deprecation mark away. */
  @Delete('versions/:version/deprecate')
  @ApiVersionPath()
  @RequireScope('modules:write')
  @Audited('module')
  @ApiOkResponse({ type: ModuleVersionChangedDto })
  async undeprecate(
    @ModuleInPath() address: ModuleAddress,
    @VersionInPath() version: Version,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ModuleVersionChangedDto> {
    await this.lifecycle.undeprecate(await this.grant(principal, address), address, version);
    return changed('Version deprecation removed successfully', address, version);
  }

  private async grant(principal: Principal, address: ModuleAddress): Promise<PublishGrant> {
    const grant = await this.namespaces.grantChange(principal, address.namespace, 'modules:write');
    if (!grant) throw new ModuleNotFound();
    return grant;
  }
}

/** Throws `InvalidAddress`, `InvalidInput`. */
function readReplacement(text: string): ModuleAddress {
  const [namespace = '', name = '', system = '', ...rest] = text.split('/');
  if (!system || rest.length > 0) {
    throw new InvalidInput(
      'replacement must be the address of a module of this registry: namespace/name/system',
    );
  }
  return ModuleAddress.parse({ namespace, name, system });
}

function changed(message: string, address: ModuleAddress, version: Version): ModuleVersionChangedDto {
  const { namespace, name, system } = address;
  return { message, namespace, name, system, version: version.text };
}
