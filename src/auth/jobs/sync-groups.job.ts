import { Injectable } from '@nestjs/common';
import { OidcConfig } from '../../config/oidc.config.js';
import { Job } from '../../platform/jobs/job.js';
import { GroupSync } from '../group-sync.service.js';

/**
 * Lets roles follow the groups of people who are signed in, within `auth.group_sync_interval`: a session is asked
 * about when two thirds of that have passed, and the job comes three times in it.
 */
@Injectable()
export class SyncGroupsJob extends Job {
  readonly name = 'sync-groups';

  constructor(
    private readonly sync: GroupSync,
    private readonly config: OidcConfig,
  ) {
    super();
  }

  /** How often the job is to run; 0: never. */
  get everyMs(): number {
    return Math.floor(this.config.groupSyncIntervalMs / 3);
  }

  async run(_payload: Record<string, never>, signal: AbortSignal): Promise<void> {
    // It may still wait in the queue when an operator has turned it off.
    if (this.everyMs > 0) await this.sync.run(2 * this.everyMs, signal);
  }
}
