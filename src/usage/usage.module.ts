import { Module, type OnModuleInit } from '@nestjs/common';
import { DocumentDownloads } from '../platform/documents/document-downloads.js';
import { AuditConfig } from '../config/audit.config.js';
import { OrgsModule } from '../orgs/orgs.module.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { DashboardBlocks } from './dashboard-blocks.js';
import { Dashboard } from './dashboard.service.js';
import { DownloadAudit } from './download-audit.js';
import { DownloadBreakdowns } from './download-breakdowns.service.js';
import { DownloadCounter } from './download-counter.service.js';
import { BriefDetails, detailsText } from './download-details.js';
import { DownloadFolder } from './download-folder.service.js';
import { DownloadSources } from './download-sources.js';
import { DownloadTotals } from './download-totals.service.js';
import { FoldedDownloads } from './folded-downloads.js';
import { DashboardApiController } from './http/dashboard-api.controller.js';
import { DownloadsSummaryController } from './http/downloads-summary.controller.js';
import { UsageApiController } from './http/usage-api.controller.js';
import { PendingDownloads } from './pending-downloads.service.js';
import { DownloadBreakdownEntity } from './persistence/download-breakdown.entity.js';
import { DownloadBreakdownRepository } from './persistence/download-breakdown.repository.js';
import { DownloadCountEntity } from './persistence/download-count.entity.js';
import { DownloadCountsRepository } from './persistence/download-counts.repository.js';
import { FoldedDownloadSpoolEntity } from './persistence/folded-download-spool.entity.js';
import { TopDownloads } from './top-downloads.service.js';
import { UsageReports } from './usage-reports.service.js';
import { UsageSums } from './usage-sums.service.js';

/**
 * How often modules and providers are downloaded, by what and for whom: counted without the database, exact after a
 * crash, carried over in batches; reports, top lists and the dashboard made of it. Routes: `…/usage`,
 * `/api/v1/usage/top`, `/v2/…/downloads/summary`, `/api/v1/admin/stats/dashboard`. Tables `download_counts_daily`,
 * `download_breakdown_daily` and `folded_download_spools`. Takes what `platform/documents` reports, and moves the
 * Prometheus counters of downloads; what there is to count, and its part of the dashboard, each feature registers.
 */
@Module({
  imports: [OrgsModule],
  controllers: [UsageApiController, DownloadsSummaryController, DashboardApiController],
  providers: [
    Dashboard,
    DashboardBlocks,
    DownloadAudit,
    DownloadBreakdownRepository,
    DownloadBreakdowns,
    DownloadCounter,
    DownloadCountsRepository,
    DownloadFolder,
    DownloadSources,
    DownloadTotals,
    FoldedDownloads,
    PendingDownloads,
    TopDownloads,
    UsageReports,
    UsageSums,
  ],
  exports: [
    DashboardBlocks,
    DownloadCounter,
    DownloadFolder,
    DownloadSources,
    DownloadTotals,
    FoldedDownloads,
  ],
})
export class UsageModule implements OnModuleInit {
  static readonly entities: Function[] = [
    DownloadBreakdownEntity,
    DownloadCountEntity,
    FoldedDownloadSpoolEntity,
  ];

  constructor(
    private readonly downloads: DocumentDownloads,
    private readonly counter: DownloadCounter,
    private readonly metrics: Metrics,
    private readonly audit: AuditConfig,
  ) {}

  onModuleInit(): void {
    const isAudited = this.audit.enabled && this.audit.logDownloads;
    const brief = new BriefDetails();
    this.downloads.countWith((download, path, caller) => {
      this.counter.count(download.targetId, isAudited ? detailsText(path, caller) : brief.of(caller));
      if (download.kind === 'module') this.metrics.countDownload('module', download.labels);
      else this.metrics.countDownload('provider', download.labels);
    });
  }
}
