import { Injectable, Logger } from '@nestjs/common';
import { Job } from '../../platform/jobs/job.js';
import { SearchRefill } from '../search-refill.service.js';

/** While an older process may still publish without making rows, they are looked for again. */
const LOOK_AGAIN_MS = 3_600_000;

/** Makes the search rows of what was published by processes that made none. */
@Injectable()
export class RefillSearchJob extends Job {
  static readonly EVERY_MS = 60_000;

  readonly name = 'refill-search';
  private readonly logger = new Logger('Search');
  private restsUntilMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly refill: SearchRefill) {
    super();
  }

  async run(_payload: Record<string, never>, signal: AbortSignal): Promise<void> {
    if (performance.now() < this.restsUntilMs) return;
    const rows = await this.refill.run(signal);
    this.restsUntilMs = performance.now() + LOOK_AGAIN_MS;
    if (rows > 0) this.logger.log({ message: 'Made what was published searchable', rows });
  }
}
