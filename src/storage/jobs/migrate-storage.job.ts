import { Injectable } from '@nestjs/common';
import { Job } from '../../platform/jobs/job.js';
import { JobQueue } from '../../platform/jobs/job-queue.js';
import { MIGRATE_STORAGE } from '../domain/storage-migration.js';
import { StorageMigrationRunner } from '../storage-migration-runner.service.js';

/** Goes on with a storage migration for some seconds, and asks for the next run. */
@Injectable()
export class MigrateStorageJob extends Job {
  readonly name = MIGRATE_STORAGE;

  constructor(
    private readonly runner: StorageMigrationRunner,
    private readonly queue: JobQueue,
  ) {
    super();
  }

  async run(_payload: Record<string, never>, signal: AbortSignal): Promise<void> {
    const result = await this.runner.run(signal);
    if (result === undefined || result === 'ended') return;
    const { afterMs } = result;
    const runAt = afterMs > 0 ? { runAt: new Date(Date.now() + afterMs) } : {};
    await this.queue.enqueue(this.name, {}, { key: this.name, ...runAt });
  }
}
