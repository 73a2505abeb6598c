import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import type { OwnedNamespace } from '../domain/namespace-claim.js';
import { MemberRights } from '../member-rights.service.js';
import { NamespaceAdministration } from '../namespace-administration.service.js';
import { OrgAccess } from '../org-access.service.js';
import {
  ClaimNamespaceDto,
  MoveNamespaceDto,
  NamespaceDto,
  NamespaceListDto,
  NamespaceReleasedDto,
} from './namespaces-api.dto.js';

/** Who owns which namespace (REST contract 30.2). */
@ApiTags('Namespaces')
@Controller('api/v1/namespaces')
export class NamespacesApiController {
  constructor(
    private readonly namespaces: NamespaceAdministration,
    private readonly access: OrgAccess,
    private readonly rights: MemberRights,
  ) {}

  /** The namespaces of the organizations that the caller may see, by name. */
  @Get()
  @RequireScope('organizations:read')
  @ApiOkResponse({ type: NamespaceListDto })
  async list(@CurrentPrincipal() principal: IdentifiedPrincipal): Promise<NamespaceListDto> {
    const visible = this.access.visibleOrganizations(principal, 'organizations:read');
    return { namespaces: (await this.namespaces.list(visible)).map(present) };
  }

  /** Claims a namespace for an organization, before anything is published in it. */
  @Post()
  @RequireScope('organizations:write')
  @Audited('organization')
  @ApiCreatedResponse({ type: NamespaceDto })
  async claim(
    @Body() { name, organization_id: id }: ClaimNamespaceDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<NamespaceDto> {
    const organizationId = id.toLowerCase();
    this.rights.assertMayChangeOrganization(principal, organizationId);
    return present(await this.namespaces.claim(name, organizationId));
  }

  /** Moves a namespace with everything in it to another organization. */
  @Put(':namespace')
  @RequireScope('admin', 'platform')
  @Audited('organization')
  @ApiOkResponse({ type: NamespaceDto })
  async move(
    @Param('namespace') name: string,
    @Body() { organization_id: id }: MoveNamespaceDto,
  ): Promise<NamespaceDto> {
    return present(await this.namespaces.move(name, id.toLowerCase()));
  }

  /** Gives a name back that nothing was ever published in. */
  @Delete(':namespace')
  @HttpCode(200)
  @RequireScope('admin', 'platform')
  @Audited('organization')
  @ApiOkResponse({ type: NamespaceReleasedDto })
  async release(@Param('namespace') name: string): Promise<NamespaceReleasedDto> {
    await this.namespaces.release(name);
    return { message: 'Namespace released successfully' };
  }
}

function present({ name, organizationId, organizationName, createdAt }: OwnedNamespace): NamespaceDto {
  return {
    name,
    organization_id: organizationId,
    organization_name: organizationName,
    created_at: createdAt.toISOString(),
  };
}
