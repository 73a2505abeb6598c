import { Injectable, Logger } from '@nestjs/common';
import { Job } from '../../platform/jobs/job.js';
import { OrphanSweep } from '../orphan-sweep.service.js';

/** Removes what nothing refers to any more from every storage, every `storage.sweep_interval`. */
@Injectable()
export class SweepOrphansJob extends Job {
  readonly name = 'sweep-orphans';
  private readonly logger = new Logger('Storage');

  constructor(private readonly sweep: OrphanSweep) {
    super();
  }

  async run(_payload: Record<string, never>, signal: AbortSignal): Promise<void> {
    const { storages, tempFiles } = await this.sweep.run({ signal });
    for (const { problem: _problem, storage, ...counts } of storages) {
      if (Object.values(counts).some((count) => count > 0)) {
        this.logger.log({ message: 'Swept unreferenced objects', storage, ...counts });
      }
    }
    if (tempFiles > 0) this.logger.log({ message: 'Removed temporary files that nobody uses', tempFiles });
  }
}
