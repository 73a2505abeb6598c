import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Job } from './job.js';
import { JobQueue } from './job-queue.js';

/** Timers that enqueue jobs and do nothing else. Any number of replicas makes one job per period. */
@Injectable()
export class Scheduler implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Scheduler');
  private readonly ticks = new Map<string, { everyMs: number; enqueue: () => Promise<void> }>();

  constructor(
    private readonly timers: SchedulerRegistry,
    private readonly queue: JobQueue,
  ) {}

  /** Declares that `job` runs once every `everyMs`; it takes effect with `start`. */
  schedule(name: string, everyMs: number, job: Pick<Job, 'name'>): void {
    this.ticks.set(name, { everyMs, enqueue: () => this.enqueueNext(name, everyMs, job.name) });
  }

  /** Starts the timers; called once the server listens. */
  start(): void {
    for (const [name, { everyMs, enqueue }] of this.ticks) {
      if (this.timers.doesExist('interval', name)) continue;
      const tick = (): void => void enqueue().catch((error: unknown) => this.warn(name, error));
      const timer = setInterval(tick, everyMs);
      timer.unref();
      this.timers.addInterval(name, timer);
      tick();
    }
  }

  /** Stops the timers; what is enqueued stays. */
  stop(): void {
    for (const name of this.ticks.keys()) {
      if (this.timers.doesExist('interval', name)) this.timers.deleteInterval(name);
    }
  }

  beforeApplicationShutdown(): void {
    this.stop();
  }

  /** Every replica that ticks within a period asks for the same run at its end, under the same key. */
  private async enqueueNext(name: string, everyMs: number, job: string): Promise<void> {
    const end = Math.ceil((Date.now() + 1) / everyMs) * everyMs;
    await this.queue.enqueue(job, {}, { key: `tick:${name}`, runAt: new Date(end) });
  }

  private warn(name: string, error: unknown): void {
    this.logger.warn(
      `The job ${name} could not be enqueued: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
