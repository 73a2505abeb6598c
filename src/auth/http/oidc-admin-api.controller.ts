import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { OidcAdministration } from '../oidc-administration.service.js';
import { OidcConfigDto, PutGroupMappingDto } from './oidc-admin-api.dto.js';
import { presentOidcConfig } from './oidc-admin-api.presenter.js';

/** The identity provider in use and how its groups become roles (REST contract 26). */
@ApiTags('OIDC administration')
@Controller('api/v1/admin/oidc')
export class OidcAdminApiController {
  constructor(private readonly administration: OidcAdministration) {}

  /** The configuration, never its secret. */
  @Get('config')
  @RequireScope('admin', 'platform')
  @ApiOkResponse({ type: OidcConfigDto })
  async get(): Promise<OidcConfigDto> {
    return presentOidcConfig(await this.administration.get());
  }

  /** Replaces the group mapping; it takes effect at each next sign-in. */
  @Put('group-mapping')
  @RequireScope('admin', 'platform')
  @Audited('oidc')
  @ApiOkResponse({ type: OidcConfigDto })
  async mapGroups(
    @Body() body: PutGroupMappingDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<OidcConfigDto> {
    const groups = {
      groupClaimName: body.group_claim_name,
      groupMappings: body.group_mappings,
      defaultRole: body.default_role,
    };
    return presentOidcConfig(await this.administration.mapGroups(principal, groups));
  }
}
