import { Injectable } from '@nestjs/common';
import { JobQueue } from '../../platform/jobs/job-queue.js';
import { SYNC_MIRROR, type SyncJobPayload } from '../domain/mirror-sync.js';

/** Asks for the job of a run. */
@Injectable()
export class MirrorSyncJobs {
  constructor(private readonly queue: JobQueue) {}

  /** One job at most waits for a run. In the transaction of the caller, if there is one. */
  async enqueue(payload: SyncJobPayload, afterMs = 0): Promise<void> {
    const runAt = afterMs > 0 ? { runAt: new Date(Date.now() + afterMs) } : {};
    await this.queue.enqueue(SYNC_MIRROR, payload, { key: `${SYNC_MIRROR}:${payload.syncId}`, ...runAt });
  }
}
