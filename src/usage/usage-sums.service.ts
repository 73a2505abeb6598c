import { Injectable } from '@nestjs/common';
import { type DayRange, daysBefore, isWithin } from './domain/day.js';
import { type BreakdownDimension, breakdownOf } from './domain/download-breakdown.js';
import type { UsageSummary } from './domain/usage.js';
import { readOrigins } from './download-details.js';
import { PendingDownloads } from './pending-downloads.service.js';
import { DownloadBreakdownRepository } from './persistence/download-breakdown.repository.js';
import { DownloadCountsRepository } from './persistence/download-counts.repository.js';

/** Sums of downloads by something, among them those that this process has not carried over yet. */
export type Sums = ReadonlyMap<string, number>;

/** Adds up the downloads of some targets in a range of days. */
@Injectable()
export class UsageSums {
  constructor(
    private readonly pending: PendingDownloads,
    private readonly counts: DownloadCountsRepository,
    private readonly breakdown: DownloadBreakdownRepository,
  ) {}

  /** By the id of the target. */
  byTarget(targetIds: readonly string[], range: DayRange): Promise<Sums> {
    return this.pending.beside(async (pending) => {
      const sums = await this.counts.sumsByTarget(targetIds, range);
      for (const { counts } of pending.filter(({ day }) => isWithin(day, range))) {
        for (const [targetId, downloads] of pick(counts, targetIds)) add(sums, targetId, downloads);
      }
      return sums;
    });
  }

  /** By day. */
  byDay(targetIds: readonly string[], range: DayRange): Promise<Sums> {
    return this.pending.beside(async (pending) => {
      const sums = await this.counts.sumsByDay(targetIds, range);
      for (const { day, counts } of pending) {
        if (isWithin(day, range)) add(sums, day, sumOf(pick(counts, targetIds)));
      }
      return sums;
    });
  }

  /** By client, or by the id of an organization; `''` for what is not known. */
  byOrigin(targetIds: readonly string[], range: DayRange, dimension: BreakdownDimension): Promise<Sums> {
    return this.pending.beside(async (pending) => {
      const sums = await this.breakdown.sums(targetIds, range, dimension);
      for (const segment of pending) {
        const counts = pick(segment.counts, targetIds);
        if (counts.size === 0 || !isWithin(segment.day, range)) continue;
        add(sums, '', sumOf(counts));
        for (const known of breakdownOf(counts, readOrigins(await segment.details()))) {
          if (known.dimension !== dimension) continue;
          add(sums, known.value, known.downloads);
          add(sums, '', -known.downloads);
        }
      }
      return sums;
    });
  }

  /** Of the time that ends with `today`. */
  summary(targetIds: readonly string[], today: string): Promise<UsageSummary> {
    const since = { week: daysBefore(today, 6), month: daysBefore(today, 29), year: daysBefore(today, 364) };
    return this.pending.beside(async (pending) => {
      let { week, month, year, total } = await this.counts.summary(targetIds, since);
      for (const { day, counts } of pending) {
        const downloads = sumOf(pick(counts, targetIds));
        if (day >= since.week) week += downloads;
        if (day >= since.month) month += downloads;
        if (day >= since.year) year += downloads;
        total += downloads;
      }
      return { week, month, year, total };
    });
  }
}

function pick(counts: ReadonlyMap<string, number>, targetIds: readonly string[]): Map<string, number> {
  const picked = new Map<string, number>();
  for (const targetId of targetIds) {
    const downloads = counts.get(targetId);
    if (downloads !== undefined) picked.set(targetId, downloads);
  }
  return picked;
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, downloads) => sum + downloads, 0);
}

function add(sums: Map<string, number>, key: string, downloads: number): void {
  sums.set(key, (sums.get(key) ?? 0) + downloads);
}
