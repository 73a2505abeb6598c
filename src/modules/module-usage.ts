import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import type { Readable } from '../orgs/domain/readable.js';
import { DashboardBlocks } from '../usage/dashboard-blocks.js';
import type { DayRange } from '../usage/domain/day.js';
import type { DownloadTarget, Usage } from '../usage/domain/usage.js';
import { type DownloadSource, DownloadSources } from '../usage/download-sources.js';
import { ModuleNotFound } from './domain/modules.errors.js';
import { ModuleUsageRepository } from './persistence/module-usage.repository.js';

/** What usage reports and the dashboard know of modules. */
@Injectable()
export class ModuleUsage implements DownloadSource<ModuleAddress>, OnModuleInit {
  readonly scope = 'modules:read';

  constructor(
    private readonly modules: ModuleUsageRepository,
    private readonly sources: DownloadSources,
    private readonly dashboard: DashboardBlocks,
  ) {}

  onModuleInit(): void {
    this.sources.registerModules(this);
    this.dashboard.register({
      name: 'modules',
      scope: this.scope,
      load: async (organizations) => ({ modules: await this.modules.facts(organizations) }),
    });
  }

  async targets(address: ModuleAddress): Promise<readonly DownloadTarget[]> {
    const targets = await this.modules.targets(address);
    if (targets === undefined) throw this.notFound();
    return targets;
  }

  top(readable: Readable, range: DayRange, limit: number): Promise<Usage> {
    return this.modules.top(readable, range, limit);
  }

  notFound(): ModuleNotFound {
    return new ModuleNotFound();
  }
}
