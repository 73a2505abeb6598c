import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { NotAudited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { syncRestriction } from '../domain/sync-restriction.js';
import { MirrorAccess } from '../configuration/mirror-access.service.js';
import { MirrorDryRun } from '../configuration/mirror-dry-run.service.js';
import { MirrorPlanDto } from './mirror-plan-api.dto.js';
import { presentPlan } from './mirror-plan-api.presenter.js';
import { TriggerSyncDto } from './mirror-syncs-api.dto.js';

/** What a run of a mirror would do (beside REST contract 20). */
@ApiTags('Provider mirrors')
@Controller('api/v1/admin/mirrors/:id/plan')
export class MirrorPlanApiController {
  constructor(
    private readonly access: MirrorAccess,
    private readonly dryRun: MirrorDryRun,
  ) {}

  /** Asks the upstream, and says what a run would fetch, what it would leave out and why, and how much that is. */
  @Post()
  @HttpCode(200)
  @RequireScope('mirrors:read')
  @NotAudited('changes nothing')
  @ApiOkResponse({ type: MirrorPlanDto })
  async plan(
    @Param('id') id: string,
    @Body() { namespace, provider_name: providerName }: TriggerSyncDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<MirrorPlanDto> {
    const mirror = await this.access.get(principal, id, 'mirrors:read');
    return presentPlan(await this.dryRun.plan(mirror, syncRestriction(mirror, { namespace, providerName })));
  }
}
