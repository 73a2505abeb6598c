import { Injectable } from '@nestjs/common';
import { MirrorConfig } from '../../config/mirror.config.js';
import { Transactions } from '../../platform/database/transactions.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import type { MirrorSync } from '../domain/mirror-sync.js';
import type { Mirror } from '../domain/mirror.js';
import { SyncReport, type SyncDetails } from '../domain/sync-report.js';
import { MirrorSyncLeasesRepository } from '../persistence/mirror-sync-leases.repository.js';
import { MirrorSyncLease } from './mirror-sync-lease.js';
import { processTime, RunPace } from './run-pace.js';
import { SyncWork } from './sync-work.js';

/** Takes runs for this process, where the last one left off. */
@Injectable()
export class SyncStretches {
  constructor(
    private readonly leases: MirrorSyncLeasesRepository,
    private readonly transactions: Transactions,
    private readonly config: MirrorConfig,
    private readonly metrics: Metrics,
  ) {}

  /** Takes a run for about `stretchMs`; undefined while another process has it, or when it has ended. */
  async take(
    mirror: Mirror,
    syncId: string,
    signal: AbortSignal,
    stretchMs: number,
  ): Promise<SyncWork | undefined> {
    const {
      leaseMs,
      downloadConcurrency: concurrency,
      listIntervalMs: listWithinMs,
      processorShare,
    } = this.config;
    const taken = await this.leases.take(syncId, leaseMs);
    if (taken === undefined) return undefined;
    const lease = new MirrorSyncLease(this.leases, this.transactions, taken.lease, leaseMs);
    const report = await this.reportOf(taken.sync);
    const endMs = performance.now() + stretchMs;
    const either = AbortSignal.any([signal, lease.signal]);
    const time = processTime(() => this.metrics.clients.quietMs);
    const pace = new RunPace(processorShare, either, time);
    return new SyncWork(
      { mirror, sync: taken.sync, lease, report, signal: either, concurrency, listWithinMs, pace, endMs },
      this.leases,
    );
  }

  /** For how long another process has the lease, in milliseconds; undefined when the run has ended. */
  waitMs(syncId: string): Promise<number | undefined> {
    return this.leases.waitMs(syncId);
  }

  /** What the run did before; what was stored is told by its lines, which nothing can make wrong. */
  private async reportOf({ id, details }: MirrorSync): Promise<SyncReport> {
    const { packages, bytes } = await this.leases.stored(id);
    const before = (details as SyncDetails | null) ?? new SyncReport().toDetails();
    return SyncReport.resume({ ...before, packagesStored: packages, bytesStored: bytes });
  }
}
