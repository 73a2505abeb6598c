import { Injectable } from '@nestjs/common';
import { PendingDownloads } from './pending-downloads.service.js';
import { DownloadCountsRepository } from './persistence/download-counts.repository.js';

/** How often things were downloaded: what the database has, and what this process has counted since. */
@Injectable()
export class DownloadTotals {
  constructor(
    private readonly pending: PendingDownloads,
    private readonly repository: DownloadCountsRepository,
  ) {}

  /**
   * Downloads by target id; ids without any are left out. Downloads that other processes have answered in the
   * last seconds may be missing.
   */
  async totals(targetIds: readonly string[]): Promise<Map<string, number>> {
    if (targetIds.length === 0) return new Map();
    return this.pending.beside(async (pending) => {
      const totals = await this.repository.totals(targetIds);
      for (const { counts } of pending) {
        for (const targetId of targetIds) {
          const downloads = counts.get(targetId);
          if (downloads !== undefined) totals.set(targetId, (totals.get(targetId) ?? 0) + downloads);
        }
      }
      return totals;
    });
  }

  /**
   * The last day with a download by target id, as `YYYY-MM-DD` in UTC; ids without any are left out. Downloads that
   * other processes have answered in the last seconds may be missing.
   */
  async lastDays(targetIds: readonly string[]): Promise<Map<string, string>> {
    if (targetIds.length === 0) return new Map();
    return this.pending.beside(async (pending) => {
      const days = await this.repository.lastDays(targetIds);
      for (const { day, counts } of pending) {
        for (const targetId of targetIds) {
          if (counts.has(targetId) && (days.get(targetId) ?? '') < day) days.set(targetId, day);
        }
      }
      return days;
    });
  }
}
