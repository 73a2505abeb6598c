import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { Authenticated, RequireScope } from '../../access/route-access.decorator.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { Members } from '../members.service.js';
import { RoleTemplates } from '../role-templates.service.js';
import { idInPath } from './id-in-path.js';
import {
  AddMemberDto,
  MemberListDto,
  MemberRemovedDto,
  MemberRoleDto,
  OneMemberDto,
} from './members-api.dto.js';
import { presentMember } from './members-api.presenter.js';

/** Who belongs to an organization (REST contract 13). */
@ApiTags('Organizations')
@Controller('api/v1/organizations/:id/members')
export class MembersApiController {
  constructor(
    private readonly members: Members,
    private readonly templates: RoleTemplates,
  ) {}

  /** Every member, by name. */
  @Get()
  @RequireScope('organizations:read', { organizationParam: 'id' })
  @ApiOkResponse({ type: MemberListDto })
  async list(@Param('id') id: string): Promise<MemberListDto> {
    const members = await this.members.list(idInPath(id, 'organization'));
    return { members: members.map(presentMember) };
  }

  /** Makes a user a member, with a role that the caller may hand out. */
  @Post()
  @RequireScope('organizations:write', { organizationParam: 'id' })
  @Audited('organization')
  @ApiCreatedResponse({ type: OneMemberDto })
  async add(
    @Param('id') id: string,
    @Body() body: AddMemberDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<OneMemberDto> {
    const organizationId = idInPath(id, 'organization');
    const [userId, role] = [body.user_id.toLowerCase(), await this.templateId(body)];
    return { member: presentMember(await this.members.add(principal, organizationId, userId, role)) };
  }

  /** Gives a member another role; without one in the body the role is cleared. */
  @Put(':user_id')
  @RequireScope('organizations:write', { organizationParam: 'id' })
  @Audited('organization')
  @ApiOkResponse({ type: OneMemberDto })
  async change(
    @Param('id') id: string,
    @Param('user_id') userId: string,
    @Body() body: MemberRoleDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<OneMemberDto> {
    const [organization, user] = [idInPath(id, 'organization'), idInPath(userId, 'user')];
    const role = await this.templateId(body);
    return { member: presentMember(await this.members.change(principal, organization, user, role)) };
  }

  /** Ends a membership; everybody who is signed in may leave. */
  @Delete(':user_id')
  @HttpCode(200)
  @Authenticated()
  @Audited('organization')
  @ApiOkResponse({ type: MemberRemovedDto })
  async remove(
    @Param('id') id: string,
    @Param('user_id') userId: string,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MemberRemovedDto> {
    await this.members.remove(principal, idInPath(id, 'organization'), idInPath(userId, 'user'));
    return { message: 'Member removed successfully' };
  }

  private async templateId({ role, role_template_id: id }: MemberRoleDto): Promise<string | null> {
    if (!role) return id || null;
    if (id) throw new InvalidInput('Give role or role_template_id, not both');
    return (await this.templates.getByName(role)).id;
  }
}
