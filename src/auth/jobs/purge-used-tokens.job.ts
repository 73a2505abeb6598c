import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { Job } from '../../platform/jobs/job.js';
import { UsedTokenIdsRepository } from '../persistence/used-token-ids.repository.js';

/** Forgets used identity and logout tokens that are too old to be presented again. */
@Injectable()
export class PurgeUsedTokensJob extends Job {
  static readonly EVERY_MS = 3_600_000;
  readonly name = 'purge-used-tokens';

  constructor(
    private readonly used: UsedTokenIdsRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  async run(): Promise<void> {
    await this.used.purge(this.clock.now());
  }
}
