import { Injectable } from '@nestjs/common';
import { Job } from './job.js';

/** The jobs this process can run. Features register theirs while the application is wired. */
@Injectable()
export class JobRegistry {
  private readonly jobs = new Map<string, Job<object>>();

  /** Adds a job; two jobs of one name are a mistake of the program. */
  register<Payload extends object>(job: Job<Payload>): void {
    if (this.jobs.has(job.name)) throw new Error(`Two jobs are named ${job.name}`);
    this.jobs.set(job.name, job as unknown as Job<object>);
  }

  /** All registered jobs. */
  list(): Job<object>[] {
    return [...this.jobs.values()];
  }
}
