import { Body, Controller, Get, Param, Post, Put, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { MirrorApprovals } from '../decisions/mirror-approvals.service.js';
import {
  MirrorApprovalDto,
  RequestMirrorApprovalDto,
  ReviewMirrorApprovalDto,
} from './mirror-approvals-api.dto.js';
import { presentMirrorApproval } from './mirror-approvals-api.presenter.js';

/** Requests to mirror providers that need an approval (REST contract 21). */
@ApiTags('Mirror approvals')
@Controller('api/v1/admin/approvals')
export class MirrorApprovalsApiController {
  constructor(private readonly approvals: MirrorApprovals) {}

  /** Requests about mirrors that the caller may see, newest first. */
  @Get()
  @RequireScope('mirrors:read')
  @ApiQuery({ name: 'organization_id', required: false, type: String })
  @ApiQuery({ name: 'status', required: false, enum: ['pending', 'approved', 'rejected'] })
  @ApiOkResponse({ type: [MirrorApprovalDto] })
  async list(
    @CurrentPrincipal() principal: IdentifiedPrincipal,
    @Query('organization_id') organizationId?: string,
    @Query('status') status?: string,
  ): Promise<MirrorApprovalDto[]> {
    const filter = { organizationId: organizationId || undefined, status: status || undefined };
    return (await this.approvals.list(principal, filter)).map(presentMirrorApproval);
  }

  /** Asks for an approval. */
  @Post()
  @RequireScope('mirrors:manage')
  @Audited('approval')
  @ApiCreatedResponse({ type: MirrorApprovalDto })
  async create(
    @Body() body: RequestMirrorApprovalDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorApprovalDto> {
    const { mirror_config_id: mirrorId, provider_namespace: namespace, provider_name: type } = body;
    const request = { namespace, type, version: body.version, reason: body.reason };
    return presentMirrorApproval(await this.approvals.request(principal, mirrorId, request));
  }

  /** One request. */
  @Get(':id')
  @RequireScope('mirrors:read')
  @ApiOkResponse({ type: MirrorApprovalDto })
  async detail(
    @Param('id') id: string,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorApprovalDto> {
    return presentMirrorApproval(await this.approvals.get(principal, id));
  }

  /** Approves or rejects a request; what becomes forbidden is held back, what becomes allowed is offered. */
  @Put(':id/review')
  @RequireScope('admin')
  @Audited('approval')
  @ApiOkResponse({ type: MirrorApprovalDto })
  async review(
    @Param('id') id: string,
    @Body() { status, notes, expires_at: expiresAt }: ReviewMirrorApprovalDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorApprovalDto> {
    const answer = {
      status,
      notes,
      expiresAt: expiresAt ? new Date(expiresAt) : expiresAt === null ? null : undefined,
    };
    return presentMirrorApproval(await this.approvals.review(principal, id, answer));
  }
}
