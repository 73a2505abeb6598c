import { Injectable } from '@nestjs/common';
import { Job } from '../../platform/jobs/job.js';
import { SCRUB_JOB } from '../scrub-control.service.js';
import { ScrubStorage } from '../scrub-storage.service.js';

/** Reads stored objects again and repairs damaged ones. */
@Injectable()
export class ScrubJob extends Job {
  static readonly EVERY_MS = 60_000;

  readonly name = SCRUB_JOB;

  constructor(private readonly scrub: ScrubStorage) {
    super();
  }

  async run(_payload: Record<string, never>, signal: AbortSignal): Promise<void> {
    await this.scrub.run({ signal });
  }
}
