import { Injectable } from '@nestjs/common';
import { AuditConfig } from '../config/audit.config.js';
import type { Page, PageRequest } from '../kernel/page.js';
import type { DownloadedObjects, RecordedDownload } from './domain/recorded-download.js';
import { RecordedDownloadsRepository } from './persistence/recorded-downloads.repository.js';

/** Who downloaded what, from the audit log. Who may know it decides the caller. */
@Injectable()
export class RecordedDownloads {
  constructor(
    private readonly rows: RecordedDownloadsRepository,
    private readonly config: AuditConfig,
  ) {}

  /** Whether downloads are recorded now. */
  get isRecording(): boolean {
    return this.config.enabled && this.config.logDownloads;
  }

  /** One page, newest first. A download appears here a moment after it was made, like in the audit log. */
  page(objects: DownloadedObjects, request: PageRequest): Promise<Page<RecordedDownload>> {
    return this.rows.page(objects, request);
  }
}
