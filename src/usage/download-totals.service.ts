import { Injectable } from '@nestjs/common';
import { DownloadCounter } from './download-counter.service.js';
import { DownloadFolder } from './download-folder.service.js';
import { DownloadCountsRepository } from './persistence/download-counts.repository.js';

const MAX_ATTEMPTS = 5;

/** How often things were downloaded: what the database has, and what this process has counted since. */
@Injectable()
export class DownloadTotals {
  constructor(
    private readonly counter: DownloadCounter,
    private readonly folder: DownloadFolder,
    private readonly repository: DownloadCountsRepository,
  ) {}

  /**
   * Downloads by target id; ids without any are left out. Downloads that other processes have answered in the
   * last seconds may be missing.
   */
  async totals(targetIds: readonly string[]): Promise<Map<string, number>> {
    if (targetIds.length === 0) return new Map();
    let stored = new Map<string, number>();
    // Counts that are carried over between the two readings would be seen twice or not at all.
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      await this.folder.settled();
      const { folds } = this.folder;
      stored = await this.repository.totals(targetIds);
      if (this.folder.folds === folds) break;
    }
    for (const targetId of targetIds) {
      const buffered = this.counter.buffered(targetId);
      if (buffered > 0) stored.set(targetId, (stored.get(targetId) ?? 0) + buffered);
    }
    return stored;
  }
}
