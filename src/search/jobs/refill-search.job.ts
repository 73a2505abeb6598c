import { Injectable, Logger } from '@nestjs/common';
import { Job } from '../../platform/jobs/job.js';
import { SearchRefill } from '../search-refill.service.js';

/** Makes the search rows of what was published before there were any; once it finds nothing it has nothing to do. */
@Injectable()
export class RefillSearchJob extends Job {
  static readonly EVERY_MS = 60_000;

  readonly name = 'refill-search';
  private readonly logger = new Logger('Search');
  private isComplete = false;

  constructor(private readonly refill: SearchRefill) {
    super();
  }

  async run(_payload: Record<string, never>, signal: AbortSignal): Promise<void> {
    if (this.isComplete) return;
    const rows = await this.refill.run(signal);
    this.isComplete = true;
    if (rows > 0) this.logger.log({ message: 'Made what was published searchable', rows });
  }
}
