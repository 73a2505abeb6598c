import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import type { Scope } from '../../access/scope.js';
import type { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import type { Version } from '../../kernel/terraform/version.js';
import { Namespaces } from '../../orgs/namespaces.service.js';
import { OrgAccess } from '../../orgs/org-access.service.js';
import { ApiVersionPath } from '../../platform/http/version-in-path.decorator.js';
import {
  QuarantineVersionDto,
  VersionStateDto,
  WithdrawVersionDto,
} from '../../platform/http/version-standing.dto.js';
import { presentRestored } from '../../platform/http/version-standing.presenter.js';
import { ProviderNotFound } from '../domain/providers.errors.js';
import { ProviderStanding } from '../provider-standing.service.js';
import type { ProviderVersionTarget } from '../provider-version-change.js';
import { ApiProviderPath, ProviderInPath, ProviderVersionInPath } from './provider-in-path.decorator.js';

/** Withdraws, quarantines and restores versions of providers (REST contract 30.1). */
@ApiTags('Providers')
@ApiProviderPath()
@Controller('api/v1/providers/:namespace/:type/versions/:version')
export class ProviderStandingApiController {
  constructor(
    private readonly standing: ProviderStanding,
    private readonly namespaces: Namespaces,
    private readonly access: OrgAccess,
  ) {}

  /** Takes a version out of lists and search; `refuse` also out of downloads. */
  @Post('withdraw')
  @ApiVersionPath()
  @HttpCode(200)
  @RequireScope('providers:write')
  @Audited('provider')
  @ApiOkResponse({ type: VersionStateDto })
  async withdraw(
    @ProviderInPath() address: ProviderAddress,
    @ProviderVersionInPath('changed') version: Version,
    @Body() { reason, mode = 'hide' }: WithdrawVersionDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<VersionStateDto> {
    const target = await this.target(principal, address, version, 'providers:write');
    const state = await this.standing.withdraw(target, reason, mode);
    return { message: 'Version withdrawn successfully', state };
  }

  /** Stops every download of a version, links that were given out among them. */
  @Post('quarantine')
  @ApiVersionPath()
  @HttpCode(200)
  @RequireScope('admin')
  @Audited('provider')
  @ApiOkResponse({ type: VersionStateDto })
  async quarantine(
    @ProviderInPath() address: ProviderAddress,
    @ProviderVersionInPath('changed') version: Version,
    @Body() { reason }: QuarantineVersionDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<VersionStateDto> {
    const target = await this.target(principal, address, version, 'admin');
    const state = await this.standing.quarantine(target, reason);
    return { message: 'Version quarantined successfully', state };
  }

  /** Undoes a withdrawal or, for administrators of the organization, a quarantine. */
  @Post('restore')
  @ApiVersionPath()
  @HttpCode(200)
  @RequireScope('providers:write')
  @Audited('provider')
  @ApiOkResponse({ type: VersionStateDto })
  async restore(
    @ProviderInPath() address: ProviderAddress,
    @ProviderVersionInPath('changed') version: Version,
    @CurrentPrincipal() principal: Principal,
  ): Promise<VersionStateDto> {
    const target = await this.target(principal, address, version, 'providers:write');
    const { namespace, organizationId } = target.grant;
    const isAdministrator = this.access.mayActInNamespace(principal, namespace, organizationId, 'admin');
    return presentRestored(await this.standing.restore(target, isAdministrator));
  }

  private async target(
    principal: Principal,
    address: ProviderAddress,
    version: Version,
    scope: Scope,
  ): Promise<ProviderVersionTarget> {
    const granted = await this.namespaces.grantProviderChange(principal, address, scope, 'providers:read');
    if (!granted) throw new ProviderNotFound();
    return { ...granted, version };
  }
}
