import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { Authenticated, RequireScope } from '../../access/route-access.decorator.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { type PageRequest, pageRequest } from '../../kernel/page.js';
import { PageQueryDto } from '../../platform/http/pagination.dto.js';
import { Members } from '../members.service.js';
import { OrgAccess } from '../org-access.service.js';
import { OrganizationCreation } from '../organization-creation.service.js';
import { OrganizationLifecycle } from '../organization-lifecycle.service.js';
import { Organizations } from '../organizations.service.js';
import { idInPath } from './id-in-path.js';
import { presentMember } from './members-api.presenter.js';
import {
  CreateOrganizationDto,
  OneOrganizationDto,
  OrganizationDeletedDto,
  OrganizationDetailDto,
  OrganizationListDto,
  OrganizationSearchQueryDto,
  UpdateOrganizationDto,
} from './organizations-api.dto.js';
import { presentOrganization, presentOrganizations } from './organizations-api.presenter.js';

const PAGES = { perPage: 20, maxPerPage: 200 };

/** Organizations (REST contract 13). */
@ApiTags('Organizations')
@Controller('api/v1/organizations')
export class OrganizationsApiController {
  constructor(
    private readonly organizations: Organizations,
    private readonly creation: OrganizationCreation,
    private readonly lifecycle: OrganizationLifecycle,
    private readonly members: Members,
    private readonly access: OrgAccess,
  ) {}

  /** The organizations that the caller may see, by name. */
  @Get()
  @RequireScope('organizations:read')
  @ApiOkResponse({ type: OrganizationListDto })
  async list(
    @Query() query: PageQueryDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<OrganizationListDto> {
    return this.page(principal, pageRequest(query, PAGES));
  }

  /** Those with a text in name or display name. */
  @Get('search')
  @RequireScope('organizations:read')
  @ApiOkResponse({ type: OrganizationListDto })
  async search(
    @Query() query: OrganizationSearchQueryDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<OrganizationListDto> {
    const text = query.q?.trim() ?? '';
    if (text === '') throw new InvalidInput('Search query is required');
    return this.page(principal, pageRequest(query, PAGES), text);
  }

  /** An organization and everybody in it. */
  @Get(':id')
  @RequireScope('organizations:read', { organizationParam: 'id' })
  @ApiOkResponse({ type: OrganizationDetailDto })
  async detail(@Param('id') id: string): Promise<OrganizationDetailDto> {
    const organization = await this.organizations.get(id);
    const members = await this.members.list(organization.id);
    return { organization: presentOrganization(organization), members: members.map(presentMember) };
  }

  /** Creates an organization; the caller becomes its owner. */
  @Post()
  @Authenticated()
  @Audited('organization')
  @ApiCreatedResponse({ type: OneOrganizationDto })
  async create(
    @Body() { name, display_name: displayName, visibility = null }: CreateOrganizationDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<OneOrganizationDto> {
    const organization = await this.creation.create(principal, { name, displayName, visibility });
    return { organization: presentOrganization(organization) };
  }

  /** Changes the display name, and who may read the namespaces. */
  @Put(':id')
  @RequireScope('organizations:write', { organizationParam: 'id' })
  @Audited('organization')
  @ApiOkResponse({ type: OneOrganizationDto })
  async update(
    @Param('id') id: string,
    @Body() { display_name: displayName, visibility }: UpdateOrganizationDto,
  ): Promise<OneOrganizationDto> {
    const change = { displayName, visibility };
    const organization = await this.lifecycle.change(idInPath(id, 'organization'), change);
    return { organization: presentOrganization(organization) };
  }

  /** Deletes an organization that owns nothing any more; for its owners and platform administrators. */
  @Delete(':id')
  @HttpCode(200)
  @RequireScope('admin', { organizationParam: 'id' })
  @Audited('organization')
  @ApiOkResponse({ type: OrganizationDeletedDto })
  async deleteOrganization(
    @Param('id') id: string,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<OrganizationDeletedDto> {
    await this.lifecycle.delete(principal, idInPath(id, 'organization'));
    return { message: 'Organization deleted successfully' };
  }

  private async page(
    principal: IdentifiedPrincipal,
    page: PageRequest,
    text?: string,
  ): Promise<OrganizationListDto> {
    const visible = this.access.visibleOrganizations(principal, 'organizations:read');
    return presentOrganizations(await this.organizations.list(visible, page, text));
  }
}
