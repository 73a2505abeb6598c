import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type CountedOrganizations, DashboardBlocks } from '../../usage/dashboard-blocks.js';
import type { DashboardFacts } from '../../usage/domain/dashboard.js';
import { MirrorDashboardRepository } from '../persistence/mirror-dashboard.repository.js';

/** What the dashboard shows of mirrors (REST contract 27). */
@Injectable()
export class MirrorDashboard implements OnModuleInit {
  constructor(
    private readonly mirrors: MirrorDashboardRepository,
    private readonly blocks: DashboardBlocks,
  ) {}

  onModuleInit(): void {
    this.blocks.register({
      name: 'provider mirrors',
      scope: 'mirrors:read',
      load: (organizations) => this.load(organizations),
    });
  }

  private async load(organizations: CountedOrganizations): Promise<Partial<DashboardFacts>> {
    const { total, failed, syncing, runs } = await this.mirrors.numbers(organizations);
    return {
      providerMirrors: { total, failed, syncing, healthy: total - failed - syncing },
      recentSyncs: runs.map((run) => ({
        mirrorName: run.name,
        mirrorType: 'provider',
        status: run.status,
        startedAt: new Date(run.startedAt),
        completedAt: run.completedAt === null ? null : new Date(run.completedAt),
        versionsSynced: run.versions,
        platformsSynced: run.packages,
        triggeredBy: run.triggeredBy,
      })),
    };
  }
}
