import { Injectable } from '@nestjs/common';
import type { IdentifiedPrincipal } from '../access/principal.js';
import { OrgAccess } from '../orgs/org-access.service.js';
import type { Usage } from './domain/usage.js';
import type { TopRequest } from './domain/usage-request.js';
import { type DownloadSource, DownloadSources } from './download-sources.js';
import { DownloadBreakdownRepository } from './persistence/download-breakdown.repository.js';

/** What is downloaded most, and who downloads most. What was not carried over yet is not in it. */
@Injectable()
export class TopDownloads {
  constructor(
    private readonly sources: DownloadSources,
    private readonly breakdown: DownloadBreakdownRepository,
    private readonly access: OrgAccess,
  ) {}

  /**
   * Modules and providers that the caller may read, organizations that it may see; clients of all downloads only
   * for those who may read all modules and providers.
   */
  async list(principal: IdentifiedPrincipal, { kind, range, limit }: TopRequest): Promise<Usage> {
    switch (kind) {
      case 'module':
        return this.topOf(principal, this.sources.modules, range, limit);
      case 'provider':
        return this.topOf(principal, this.sources.providers, range, limit);
      case 'consumer': {
        const visible = this.access.visibleOrganizations(principal, 'organizations:read');
        return this.breakdown.topOrganizations(visible, range, limit);
      }
      case 'client': {
        const scopes = [this.sources.modules.scope, this.sources.providers.scope];
        const seesAll = scopes.every((scope) => this.access.visibleOrganizations(principal, scope) === 'all');
        return seesAll ? this.breakdown.topClients(range, limit) : { rows: [], total: 0 };
      }
    }
  }

  private topOf(
    principal: IdentifiedPrincipal,
    source: Pick<DownloadSource<never>, 'scope' | 'top'>,
    range: TopRequest['range'],
    limit: number,
  ): Promise<Usage> {
    return source.top(this.access.readable(principal, source.scope), range, limit);
  }
}
