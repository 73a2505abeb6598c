import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import { MirroredClaims } from '../orgs/mirrored-claims.service.js';
import type { Readable } from '../orgs/domain/readable.js';
import { DashboardBlocks } from '../usage/dashboard-blocks.js';
import type { DayRange } from '../usage/domain/day.js';
import type { DownloadTarget, Usage } from '../usage/domain/usage.js';
import { type DownloadSource, DownloadSources } from '../usage/download-sources.js';
import { ProviderNotFound } from './domain/providers.errors.js';
import { ProviderUsageRepository } from './persistence/provider-usage.repository.js';

/** What usage reports and the dashboard know of providers. */
@Injectable()
export class ProviderUsage implements DownloadSource<ProviderAddress>, OnModuleInit {
  readonly scope = 'providers:read';

  constructor(
    private readonly providers: ProviderUsageRepository,
    private readonly sources: DownloadSources,
    private readonly dashboard: DashboardBlocks,
    private readonly mirrored: MirroredClaims,
  ) {}

  onModuleInit(): void {
    this.sources.registerProviders(this);
    this.dashboard.register({
      name: 'providers',
      scope: this.scope,
      load: async (organizations) => ({ providers: await this.providers.facts(organizations) }),
    });
  }

  async targets(address: ProviderAddress): Promise<readonly DownloadTarget[]> {
    const targets = await this.providers.targets(address);
    if (targets === undefined) throw this.notFound();
    return targets;
  }

  async readersOf(address: ProviderAddress): Promise<string> {
    return address.from((await this.mirrored.oldestHost(address)) ?? '').readers;
  }

  top(readable: Readable, range: DayRange, limit: number): Promise<Usage> {
    return this.providers.top(readable, range, limit);
  }

  notFound(): ProviderNotFound {
    return new ProviderNotFound();
  }
}
