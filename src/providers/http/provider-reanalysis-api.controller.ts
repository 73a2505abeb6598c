import { Body, Controller, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { Namespaces } from '../../orgs/namespaces.service.js';
import { OrgAccess } from '../../orgs/org-access.service.js';
import { providerReanalysisSelection } from '../domain/provider-reanalysis.js';
import { AllProvidersForbidden } from '../domain/providers.errors.js';
import { ProviderReanalysis } from '../provider-reanalysis.service.js';
import { ProvidersQueuedDto, ReanalyzeProvidersDto } from './provider-documentation.dto.js';

/** Has documentation pages made again, after an archive that could not be read or an update of the registry. */
@ApiTags('Providers')
@Controller('api/v1/admin/providers/reanalyze')
export class ProviderReanalysisApiController {
  constructor(
    private readonly reanalysis: ProviderReanalysis,
    private readonly namespaces: Namespaces,
    private readonly access: OrgAccess,
  ) {}

  /** Queues versions whose pages are made again; the pages there are stay until it is done. */
  @Post()
  @HttpCode(HttpStatus.ACCEPTED)
  @RequireScope('providers:write')
  @Audited('provider')
  @ApiAcceptedResponse({ type: ProvidersQueuedDto })
  async request(
    @Body() body: ReanalyzeProvidersDto,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<ProvidersQueuedDto> {
    const selection = providerReanalysisSelection(body);
    const owner = await this.ownerOf(body.namespace ?? undefined, principal);
    return { queued: await this.reanalysis.request(selection, owner) };
  }

  private async ownerOf(
    namespace: string | undefined,
    principal: IdentifiedPrincipal,
  ): Promise<string | null> {
    if (namespace === undefined) {
      if (!this.access.isPlatformAdmin(principal)) throw new AllProvidersForbidden();
      return null;
    }
    return this.namespaces.publisherOf(principal, namespace, 'providers:write');
  }
}
