import { Body, Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { PublicRead, RequireScope } from '../../access/route-access.decorator.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { Version } from '../../kernel/terraform/version.js';
import type { ProviderGrant } from '../../orgs/domain/provider-grant.js';
import { Namespaces } from '../../orgs/namespaces.service.js';
import { ApiVersionPath } from '../../platform/http/version-in-path.decorator.js';
import { ProviderNotFound } from '../domain/providers.errors.js';
import { ProviderCatalog } from '../provider-catalog.service.js';
import { ProviderLifecycle } from '../provider-lifecycle.service.js';
import {
  DeprecateProviderVersionDto,
  ProviderChangedDto,
  ProviderDetailDto,
  ProviderVersionChangedDto,
} from './provider-api.dto.js';
import { presentDetail } from './provider-api.presenter.js';
import { ApiProviderPath, ProviderInPath, ProviderVersionInPath } from './provider-in-path.decorator.js';

/** Providers as people and scripts see and change them (REST contract 16). */
@ApiTags('Providers')
@ApiProviderPath()
@Controller('api/v1/providers/:namespace/:type')
export class ProviderApiController {
  constructor(
    private readonly catalog: ProviderCatalog,
    private readonly lifecycle: ProviderLifecycle,
    private readonly namespaces: Namespaces,
  ) {}

  /** A provider with all its versions, newest first. */
  @Get()
  @PublicRead('providers:read')
  @ApiOkResponse({ type: ProviderDetailDto })
  async detail(
    @ProviderInPath() address: ProviderAddress,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ProviderDetailDto> {
    return presentDetail(await this.catalog.detail(address, principal));
  }

  /** Deletes a provider; its version numbers and the claim on its namespace stay. */
  @Delete()
  @RequireScope('providers:write')
  @Audited('provider')
  @ApiOkResponse({ type: ProviderChangedDto })
  async deleteProvider(
    @ProviderInPath() address: ProviderAddress,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ProviderChangedDto> {
    const { grant, address: found } = await this.grant(principal, address);
    await this.lifecycle.deleteProvider(grant, found);
    const { namespace, type } = address;
    return { message: 'Provider deleted successfully', namespace, type };
  }

  /** Deletes a version to a tombstone: only the same bytes bring it back. */
  @Delete('versions/:version')
  @ApiVersionPath()
  @RequireScope('providers:write')
  @Audited('provider')
  @ApiOkResponse({ type: ProviderVersionChangedDto })
  async deleteVersion(
    @ProviderInPath() address: ProviderAddress,
    @ProviderVersionInPath('changed') version: Version,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ProviderVersionChangedDto> {
    const { grant, address: found } = await this.grant(principal, address);
    await this.lifecycle.deleteVersion(grant, found, version);
    return changed('Version deleted successfully', address, version);
  }

  /** Marks a version deprecated; the CLI shows the message at `init`. */
  @Post('versions/:version/deprecate')
  @ApiVersionPath()
  @HttpCode(200)
  @RequireScope('providers:write')
  @Audited('provider')
  @ApiOkResponse({ type: ProviderVersionChangedDto })
  async deprecate(
    @ProviderInPath() address: ProviderAddress,
    @ProviderVersionInPath('changed') version: Version,
    @Body() body: DeprecateProviderVersionDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ProviderVersionChangedDto> {
    const { grant, address: found } = await this.grant(principal, address);
    await this.lifecycle.deprecate(grant, found, version, {
      message: body?.message ?? null,
      replacement: body?.replacement ? readReplacement(body.replacement) : null,
    });
    return changed('Version deprecated successfully', address, version);
  }

  /** Takes the deprecation mark away. */
  @Delete('versions/:version/deprecate')
  @ApiVersionPath()
  @RequireScope('providers:write')
  @Audited('provider')
  @ApiOkResponse({ type: ProviderVersionChangedDto })
  async undeprecate(
    @ProviderInPath() address: ProviderAddress,
    @ProviderVersionInPath('changed') version: Version,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ProviderVersionChangedDto> {
    const { grant, address: found } = await this.grant(principal, address);
    await this.lifecycle.undeprecate(grant, found, version);
    return changed('Version deprecation removed successfully', address, version);
  }

  private async grant(principal: Principal, address: ProviderAddress): Promise<ProviderGrant> {
    const granted = await this.namespaces.grantProviderChange(principal, address, 'providers:write');
    if (!granted) throw new ProviderNotFound();
    return granted;
  }
}

/** Throws `InvalidAddress`, `InvalidInput`. */
function readReplacement(text: string): ProviderAddress {
  const [namespace = '', type = '', ...rest] = text.split('/');
  if (!type || rest.length > 0) {
    throw new InvalidInput('replacement must be the address of a provider of this registry: namespace/type');
  }
  return ProviderAddress.parse({ namespace, type });
}

function changed(message: string, address: ProviderAddress, version: Version): ProviderVersionChangedDto {
  return { message, namespace: address.namespace, type: address.type, version: version.text };
}
