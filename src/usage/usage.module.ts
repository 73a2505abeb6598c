import { Module, type OnModuleInit } from '@nestjs/common';
import { DocumentDownloads } from '../platform/documents/document-downloads.js';
import { AuditConfig } from '../config/audit.config.js';
import { OrgsModule } from '../orgs/orgs.module.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { DownloadAudit } from './download-audit.js';
import { DownloadCounter } from './download-counter.service.js';
import { detailsText } from './download-details.js';
import { DownloadFolder } from './download-folder.service.js';
import { DownloadTotals } from './download-totals.service.js';
import { FoldedDownloads } from './folded-downloads.js';
import { DownloadCountEntity } from './persistence/download-count.entity.js';
import { DownloadCountsRepository } from './persistence/download-counts.repository.js';
import { FoldedDownloadSpoolEntity } from './persistence/folded-download-spool.entity.js';

/**
 * How often modules and providers are downloaded: counted without the database, exact after a crash, carried
 * over in batches. Has no routes; tables `download_counts_daily` and `folded_download_spools`. Takes what
 * `platform/documents` reports, and moves the Prometheus counters of downloads.
 */
@Module({
  imports: [OrgsModule],
  providers: [
    DownloadAudit,
    DownloadCounter,
    DownloadFolder,
    DownloadTotals,
    DownloadCountsRepository,
    FoldedDownloads,
  ],
  exports: [DownloadCounter, DownloadFolder, DownloadTotals, FoldedDownloads],
})
export class UsageModule implements OnModuleInit {
  static readonly entities: Function[] = [DownloadCountEntity, FoldedDownloadSpoolEntity];

  constructor(
    private readonly downloads: DocumentDownloads,
    private readonly counter: DownloadCounter,
    private readonly metrics: Metrics,
    private readonly audit: AuditConfig,
  ) {}

  onModuleInit(): void {
    const isAudited = this.audit.enabled && this.audit.logDownloads;
    this.downloads.countWith((download, path, caller) => {
      this.counter.count(download.targetId, isAudited ? detailsText(path, caller) : '');
      if (download.kind === 'module') this.metrics.countDownload('module', download.labels);
      else this.metrics.countDownload('provider', download.labels);
    });
  }
}
