import { Global, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { JobQueue } from './job-queue.js';
import { JobRegistry } from './job-registry.js';
import { JobRunner } from './job-runner.js';
import { Scheduler } from './scheduler.js';

/**
 * Background work as rows of the database (graphile-worker, schema `graphile_worker`; our table `job_heartbeats`).
 * Features register their jobs in `JobRegistry` and their periods in `Scheduler`, and enqueue with `JobQueue`. The
 * application calls `start` of `JobRunner` and `Scheduler` once it listens. Needs the database and `WorkerConfig`.
 * Has no routes.
 */
@Global()
@Module({
  imports: [ScheduleModule.forRoot()],
  providers: [JobQueue, JobRegistry, JobRunner, Scheduler],
  exports: [JobQueue, JobRegistry, JobRunner, Scheduler],
})
export class JobsModule {}
