import { Injectable } from '@nestjs/common';
import { DownloadCounter } from './download-counter.service.js';
import { DownloadFolder } from './download-folder.service.js';
import type { SegmentCounts } from './spool-segment.js';

const MAX_ATTEMPTS = 5;

/** What this process has counted and the database does not know yet. */
@Injectable()
export class PendingDownloads {
  constructor(
    private readonly counter: DownloadCounter,
    private readonly folder: DownloadFolder,
  ) {}

  /** What `read` makes of the database and of what is pending, while nothing moves from here to there. */
  async beside<Result>(read: (pending: readonly SegmentCounts[]) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      await this.folder.settled();
      const { folds } = this.folder;
      const result = await read(this.counter.pending());
      // Counts that are carried over meanwhile would be seen twice or not at all.
      if (this.folder.folds === folds || attempt === MAX_ATTEMPTS) return result;
    }
  }
}
