import { Body, Controller, Get, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { Namespaces } from '../../orgs/namespaces.service.js';
import { OrgAccess } from '../../orgs/org-access.service.js';
import { WholeRegistryForbidden } from '../domain/modules.errors.js';
import { reanalysisSelection } from '../domain/reanalysis.js';
import { ModuleReanalysis } from '../module-reanalysis.service.js';
import {
  ReanalysisProgressDto,
  ReanalysisQueuedDto,
  ReanalyzeModulesDto,
} from './module-documentation.dto.js';

/** Has stored modules analyzed again, after an analysis that failed or an update of the registry. */
@ApiTags('Modules')
@Controller('api/v1/admin/modules/reanalyze')
export class ModuleReanalysisApiController {
  constructor(
    private readonly reanalysis: ModuleReanalysis,
    private readonly namespaces: Namespaces,
    private readonly access: OrgAccess,
  ) {}

  /** Queues versions for another analysis; what is known of them stays until it is done. */
  @Post()
  @HttpCode(HttpStatus.ACCEPTED)
  @RequireScope('modules:write')
  @Audited('module')
  @ApiAcceptedResponse({ type: ReanalysisQueuedDto })
  async request(
    @Body() body: ReanalyzeModulesDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<ReanalysisQueuedDto> {
    const selection = reanalysisSelection(body);
    return {
      queued: await this.reanalysis.request(
        selection,
        await this.ownerOf(body.namespace ?? undefined, principal),
      ),
    };
  }

  /** How far the versions are that the caller may write. */
  @Get()
  @RequireScope('modules:write')
  @ApiOkResponse({ type: ReanalysisProgressDto })
  async progress(@CurrentPrincipal() principal: IdentifiedPrincipal): Promise<ReanalysisProgressDto> {
    return {
      ...(await this.reanalysis.progress(this.access.visibleOrganizations(principal, 'modules:write'))),
    };
  }

  private async ownerOf(
    namespace: string | undefined,
    principal: IdentifiedPrincipal,
  ): Promise<string | null> {
    if (namespace === undefined) {
      if (!this.access.isPlatformAdmin(principal)) throw new WholeRegistryForbidden();
      return null;
    }
    return this.namespaces.publisherOf(principal, namespace, 'modules:write');
  }
}
