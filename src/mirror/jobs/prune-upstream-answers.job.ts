import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Job } from '../../platform/jobs/job.js';
import { JobRegistry } from '../../platform/jobs/job-registry.js';
import { Scheduler } from '../../platform/jobs/scheduler.js';
import { UpstreamAnswersRepository } from '../persistence/upstream-answers.repository.js';

const HOUR_MS = 3_600_000;
const BATCH = 1_000;

/** Removes answers of upstreams that nobody goes by any more. */
@Injectable()
export class PruneUpstreamAnswersJob extends Job implements OnModuleInit {
  readonly name = 'prune-upstream-answers';

  constructor(
    private readonly answers: UpstreamAnswersRepository,
    private readonly registry: JobRegistry,
    private readonly scheduler: Scheduler,
  ) {
    super();
  }

  onModuleInit(): void {
    this.registry.register(this);
    this.scheduler.schedule(this.name, HOUR_MS, this);
  }

  async run(_payload: object, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.answers.prune(BATCH)) === BATCH);
  }
}
