import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import type { Scope } from '../../access/scope.js';
import type { ModuleAddress } from '../../kernel/terraform/module-address.js';
import type { Version } from '../../kernel/terraform/version.js';
import { Namespaces } from '../../orgs/namespaces.service.js';
import { OrgAccess } from '../../orgs/org-access.service.js';
import { ApiVersionPath, VersionInPath } from '../../platform/http/version-in-path.decorator.js';
import {
  QuarantineVersionDto,
  VersionStateDto,
  WithdrawVersionDto,
} from '../../platform/http/version-standing.dto.js';
import { presentRestored } from '../../platform/http/version-standing.presenter.js';
import { ModuleNotFound } from '../domain/modules.errors.js';
import { ModuleStanding } from '../module-standing.service.js';
import type { ModuleVersionTarget } from '../module-version-change.js';
import { ApiModulePath, ModuleInPath } from './module-in-path.decorator.js';

/** Withdraws, quarantines and restores versions of modules (REST contract 30.1). */
@ApiTags('Modules')
@ApiModulePath()
@Controller('api/v1/modules/:namespace/:name/:system/versions/:version')
export class ModuleStandingApiController {
  constructor(
    private readonly standing: ModuleStanding,
    private readonly namespaces: Namespaces,
    private readonly access: OrgAccess,
  ) {}

  /** Takes a version out of lists and search; `refuse` also out of downloads. */
  @Post('withdraw')
  @ApiVersionPath()
  @HttpCode(200)
  @RequireScope('modules:write')
  @Audited('module')
  @ApiOkResponse({ type: VersionStateDto })
  async withdraw(
    @ModuleInPath() address: ModuleAddress,
    @VersionInPath() version: Version,
    @Body() { reason, mode = 'hide' }: WithdrawVersionDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<VersionStateDto> {
    const target = await this.target(principal, address, version, 'modules:write');
    const state = await this.standing.withdraw(target, reason, mode);
    return { message: 'Version withdrawn successfully', state };
  }

  /** Stops every download of a version, links that were given out among them. */
  @Post('quarantine')
  @ApiVersionPath()
  @HttpCode(200)
  @RequireScope('admin')
  @Audited('module')
  @ApiOkResponse({ type: VersionStateDto })
  async quarantine(
    @ModuleInPath() address: ModuleAddress,
    @VersionInPath() version: Version,
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
  @RequireScope('modules:write')
  @Audited('module')
  @ApiOkResponse({ type: VersionStateDto })
  async restore(
    @ModuleInPath() address: ModuleAddress,
    @VersionInPath() version: Version,
    @CurrentPrincipal() principal: Principal,
  ): Promise<VersionStateDto> {
    const target = await this.target(principal, address, version, 'modules:write');
    const { namespace, organizationId } = target.grant;
    const isAdministrator = this.access.mayActInNamespace(principal, namespace, organizationId, 'admin');
    return presentRestored(await this.standing.restore(target, isAdministrator));
  }

  private async target(
    principal: Principal,
    address: ModuleAddress,
    version: Version,
    scope: Scope,
  ): Promise<ModuleVersionTarget> {
    const grant = await this.namespaces.grantChange(principal, address.namespace, scope, 'modules:read');
    if (!grant) throw new ModuleNotFound();
    return { grant, address, version };
  }
}
