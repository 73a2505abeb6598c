import { Injectable } from '@nestjs/common';
import { MirrorConfig } from '../../config/mirror.config.js';
import { MirrorNotFound } from '../domain/mirror-configuration.errors.js';
import { SyncAlreadyRunning } from '../domain/mirror-sync.errors.js';
import { Mirrors } from '../configuration/mirrors.service.js';
import { MirrorSyncsRepository } from '../persistence/mirror-syncs.repository.js';
import { MirrorSyncJobs } from './mirror-sync-jobs.service.js';
import { MirrorSyncs } from './mirror-syncs.service.js';

/** Sees to it that mirrors run when they are due, and that no run is left without a worker. */
@Injectable()
export class MirrorSchedule {
  constructor(
    private readonly mirrors: Mirrors,
    private readonly runs: MirrorSyncs,
    private readonly syncs: MirrorSyncsRepository,
    private readonly jobs: MirrorSyncJobs,
    private readonly config: MirrorConfig,
  ) {}

  /** Begins what is due, and asks for a job for each run that nobody has worked on for `mirror.lease`. */
  async check(): Promise<void> {
    for (const payload of await this.syncs.abandoned(this.config.leaseMs)) await this.jobs.enqueue(payload);
    for (const mirror of await this.mirrors.due()) {
      try {
        await this.runs.trigger(mirror, {}, 'scheduler');
      } catch (error) {
        const isExpected = error instanceof SyncAlreadyRunning || error instanceof MirrorNotFound;
        if (!isExpected) throw error;
      }
    }
  }
}
