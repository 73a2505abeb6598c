import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Audited, NotAudited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import type { StoredMirrorPolicy } from '../domain/mirror-policy.js';
import { MirrorPolicies, type MirrorPolicyInput } from '../decisions/mirror-policies.service.js';
import { MirrorPolicyAccess } from '../decisions/mirror-policy-access.service.js';
import {
  CreateMirrorPolicyDto,
  EvaluateMirrorPoliciesDto,
  MirrorPolicyDeletedDto,
  MirrorPolicyDto,
  PolicyEvaluationDto,
  UpdateMirrorPolicyDto,
} from './mirror-policies-api.dto.js';
import { presentEvaluation, presentMirrorPolicy } from './mirror-policies-api.presenter.js';

/** Policies about what mirrors may fetch and offer (REST contract 22). */
@ApiTags('Mirror policies')
@Controller('api/v1/admin/policies')
export class MirrorPoliciesApiController {
  constructor(
    private readonly policies: MirrorPolicies,
    private readonly access: MirrorPolicyAccess,
  ) {}

  /** Policies in the order in which they are asked, global ones included. */
  @Get()
  @RequireScope('mirrors:read')
  @ApiQuery({ name: 'organization_id', required: false, type: String })
  @ApiOkResponse({ type: [MirrorPolicyDto] })
  async list(
    @CurrentPrincipal() principal: IdentifiedPrincipal,
    @Query('organization_id') organizationId?: string,
  ): Promise<MirrorPolicyDto[]> {
    const policies = await this.policies.list(principal, organizationId || undefined);
    const names = await this.access.namesOf(policies);
    return policies.map((policy) => presentMirrorPolicy(policy, names));
  }

  /** Adds a policy; without organization a global one. */
  @Post()
  @RequireScope('admin')
  @Audited('policy')
  @ApiCreatedResponse({ type: MirrorPolicyDto })
  async create(
    @Body() body: CreateMirrorPolicyDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorPolicyDto> {
    const { name, policy_type: policyType } = body;
    const input = { ...inputOf(body), name, policyType };
    return this.present(await this.policies.create(principal, body.organization_id || null, input));
  }

  /** Says what the policies decide about a provider, and why. */
  @Post('evaluate')
  @HttpCode(200)
  @RequireScope('mirrors:read')
  @NotAudited('evaluating changes nothing')
  @ApiQuery({ name: 'organization_id', required: false, type: String })
  @ApiOkResponse({ type: PolicyEvaluationDto })
  async evaluate(
    @Body() { registry, namespace, provider: type }: EvaluateMirrorPoliciesDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
    @Query('organization_id') organizationId?: string,
  ): Promise<PolicyEvaluationDto> {
    const asked = { registry, namespace, type };
    const verdict = await this.policies.evaluate(principal, organizationId || undefined, asked);
    return presentEvaluation(verdict, await this.access.namesOf(verdict.matched ? [verdict.matched] : []));
  }

  /** One policy. */
  @Get(':id')
  @RequireScope('mirrors:read')
  @ApiOkResponse({ type: MirrorPolicyDto })
  async detail(
    @Param('id') id: string,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorPolicyDto> {
    return this.present(await this.policies.get(principal, id));
  }

  /** Changes a policy; what it forbids from now on is held back, what it allows again is offered again. */
  @Put(':id')
  @RequireScope('admin')
  @Audited('policy')
  @ApiOkResponse({ type: MirrorPolicyDto })
  async update(
    @Param('id') id: string,
    @Body() body: UpdateMirrorPolicyDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorPolicyDto> {
    return this.present(await this.policies.change(principal, id, inputOf(body)));
  }

  /** Deletes a policy. */
  @Delete(':id')
  @HttpCode(200)
  @RequireScope('admin')
  @Audited('policy')
  @ApiOkResponse({ type: MirrorPolicyDeletedDto })
  async deletePolicy(
    @Param('id') id: string,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorPolicyDeletedDto> {
    await this.policies.delete(principal, id);
    return { message: 'Policy deleted successfully' };
  }

  private async present(policy: StoredMirrorPolicy): Promise<MirrorPolicyDto> {
    return presentMirrorPolicy(policy, await this.access.namesOf([policy]));
  }
}

/** The fields that were sent. */
function inputOf(body: UpdateMirrorPolicyDto): MirrorPolicyInput {
  return {
    ...(body.name !== undefined && { name: body.name }),
    ...(body.policy_type !== undefined && { policyType: body.policy_type }),
    ...(body.description !== undefined && { description: body.description }),
    ...(body.upstream_registry !== undefined && { upstreamRegistry: body.upstream_registry }),
    ...(body.namespace_pattern !== undefined && { namespacePattern: body.namespace_pattern }),
    ...(body.provider_pattern !== undefined && { providerPattern: body.provider_pattern }),
    ...(body.priority !== undefined && { priority: body.priority }),
    ...(body.is_active !== undefined && { isActive: body.is_active }),
    ...(body.requires_approval !== undefined && { requiresApproval: body.requires_approval }),
  };
}
