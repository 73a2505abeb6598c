import { Injectable, Logger } from '@nestjs/common';
import { Job } from '../../platform/jobs/job.js';
import { Sessions } from '../sessions.service.js';

/** Removes the rows of sessions that ended by themselves; they are refused without that. */
@Injectable()
export class PurgeSessionsJob extends Job {
  static readonly EVERY_MS = 3_600_000;

  readonly name = 'purge-sessions';
  private readonly logger = new Logger('Sessions');

  constructor(private readonly sessions: Sessions) {
    super();
  }

  async run(): Promise<void> {
    const sessions = await this.sessions.purge();
    if (sessions > 0) this.logger.log({ message: 'Removed ended sessions', sessions });
  }
}
