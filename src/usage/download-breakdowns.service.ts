import { Injectable } from '@nestjs/common';
import { UsageConfig } from '../config/usage.config.js';
import { breakdownOf } from './domain/download-breakdown.js';
import { readOrigins } from './download-details.js';
import { DownloadBreakdownRepository } from './persistence/download-breakdown.repository.js';

/** Divides a batch of downloads by client and by organization. */
@Injectable()
export class DownloadBreakdowns {
  constructor(
    private readonly repository: DownloadBreakdownRepository,
    private readonly config: UsageConfig,
  ) {}

  /**
   * Adds what `lines` of a spool segment say about its downloads. Belongs into the transaction that has added
   * `counts`: the locks on those rows make the limit of clients hold against other processes.
   */
  async add(day: string, counts: ReadonlyMap<string, number>, lines: readonly string[]): Promise<void> {
    const breakdown = breakdownOf(counts, readOrigins(lines));
    if (breakdown.length > 0) await this.repository.add(day, breakdown, this.config.maxClientVersions);
  }
}
