import { Injectable } from '@nestjs/common';
import { StorageMigrationConfig } from '../config/storage-migration.config.js';
import { WorkerConfig } from '../config/worker.config.js';
import { StorageMigrationLeasesRepository } from './persistence/storage-migration-leases.repository.js';
import { StorageMigrationCopier } from './storage-migration-copier.service.js';
import { StorageMigrationLease } from './storage-migration-lease.js';
import { StorageMigrationPace } from './storage-migration-pace.js';
import { StorageMigrationStates } from './storage-migration-states.service.js';
import { StorageMigrationVerifier } from './storage-migration-verifier.service.js';
import { LeaseLost, type RunResult } from './storage-migration-work.js';

/** One run ends after this time, so that other jobs get their turn; the next one goes on. */
const RUN_MS = 20_000;

/**
 * The worker of storage migrations. A run takes the lease of one migration and gives it back: one process at a time
 * works on it, and another one takes over when it is killed or stopped, within `worker.lease`.
 */
@Injectable()
export class StorageMigrationRunner {
  constructor(
    private readonly states: StorageMigrationStates,
    private readonly leases: StorageMigrationLeasesRepository,
    private readonly copier: StorageMigrationCopier,
    private readonly verifier: StorageMigrationVerifier,
    private readonly config: StorageMigrationConfig,
    private readonly worker: WorkerConfig,
  ) {}

  /** How often migrations without a worker are looked for. */
  get intervalMs(): number {
    return this.worker.leaseMs / 3;
  }

  /** Works on one migration that waits for a worker. `undefined`: there is none. */
  async run(signal: AbortSignal): Promise<RunResult | undefined> {
    const migration = await this.states.take(this.worker.replicaId, this.leaseMs);
    if (migration === undefined) return undefined;
    const pace = new StorageMigrationPace(this.config.maxBytesPerSecond);
    const token = { migrationId: migration.id, token: migration.leaseToken };
    const lease = new StorageMigrationLease(this.leases, token, this.leaseMs, pace);
    const endMs = performance.now() + RUN_MS;
    const stop = AbortSignal.any([signal, lease.signal]);
    const work = {
      ...{ migration, lease: token, pace, signal: stop, concurrency: this.config.concurrency },
      isOver: () => stop.aborted || performance.now() > endMs,
    };
    lease.start();
    try {
      return await (migration.state === 'verifying' ? this.verifier : this.copier).run(work);
    } catch (error) {
      if (error instanceof LeaseLost || lease.signal.aborted) return undefined;
      if (signal.aborted) return { afterMs: 0 };
      throw error;
    } finally {
      await lease.release();
    }
  }

  /** Half of `worker.lease`: looking for lost ones takes the rest of it. */
  private get leaseMs(): number {
    return this.worker.leaseMs / 2;
  }
}
