import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { Authenticated, RequireScope } from '../../access/route-access.decorator.js';
import { RoleTemplates } from '../role-templates.service.js';
import { idInPath } from './id-in-path.js';
import {
  CreateRoleTemplateDto,
  RoleTemplateDeletedDto,
  RoleTemplateDto,
  UpdateRoleTemplateDto,
} from './role-templates-api.dto.js';
import { presentRoleTemplate } from './role-templates-api.presenter.js';

/** Role templates (REST contract 24). */
@ApiTags('Role templates')
@Controller('api/v1/admin/role-templates')
export class RoleTemplatesApiController {
  constructor(private readonly templates: RoleTemplates) {}

  /** All templates, those of the product first, then by name. */
  @Get()
  @Authenticated()
  @ApiOkResponse({ type: [RoleTemplateDto] })
  async list(): Promise<RoleTemplateDto[]> {
    return (await this.templates.list()).map(presentRoleTemplate);
  }

  /** One template. */
  @Get(':id')
  @Authenticated()
  @ApiOkResponse({ type: RoleTemplateDto })
  async detail(@Param('id') id: string): Promise<RoleTemplateDto> {
    return presentRoleTemplate(await this.templates.get(idInPath(id, 'role template')));
  }

  /** Adds a template. */
  @Post()
  @RequireScope('admin', 'platform')
  @Audited('role_template')
  @ApiCreatedResponse({ type: RoleTemplateDto })
  async create(
    @Body() { display_name: displayName, ...body }: CreateRoleTemplateDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<RoleTemplateDto> {
    return presentRoleTemplate(await this.templates.create(principal, { ...body, displayName }));
  }

  /** Changes a template, and with it at once what those who have it may do. */
  @Put(':id')
  @RequireScope('admin', 'platform')
  @Audited('role_template')
  @ApiOkResponse({ type: RoleTemplateDto })
  async update(
    @Param('id') id: string,
    @Body() { display_name: displayName, ...body }: UpdateRoleTemplateDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<RoleTemplateDto> {
    const templateId = idInPath(id, 'role template');
    return presentRoleTemplate(await this.templates.change(principal, templateId, { ...body, displayName }));
  }

  /** Deletes a template that nobody has. */
  @Delete(':id')
  @HttpCode(200)
  @RequireScope('admin', 'platform')
  @Audited('role_template')
  @ApiOkResponse({ type: RoleTemplateDeletedDto })
  async deleteTemplate(@Param('id') id: string): Promise<RoleTemplateDeletedDto> {
    await this.templates.delete(idInPath(id, 'role template'));
    return { message: 'Role template deleted successfully' };
  }
}
