import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { Job } from '../../platform/jobs/job.js';
import { ApiKeyLifeRepository } from '../persistence/api-key-life.repository.js';

const DAY_MS = 86_400_000;

/** So long an ended key is shown as expired, or listed as revoked on the command line. */
const KEPT_MS = 30 * DAY_MS;

/** Nobody sees exchanged tokens, and pipelines make many. */
const EXCHANGED_KEPT_MS = DAY_MS;

/** Removes API keys that expired or were revoked long ago; they are refused without that. */
@Injectable()
export class PurgeExpiredJob extends Job {
  static readonly EVERY_MS = DAY_MS;

  readonly name = 'purge-expired-keys';
  private readonly logger = new Logger('ApiKeys');

  constructor(
    private readonly keys: ApiKeyLifeRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run(): Promise<void> {
    const now = this.clock.now().getTime();
    const keys = await this.keys.purge(new Date(now - KEPT_MS), new Date(now - EXCHANGED_KEPT_MS));
    if (keys > 0) this.logger.log({ message: 'Removed API keys that ended long ago', keys });
  }
}
