import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DocumentationConfig } from '../config/documentation.config.js';
import { TaskThread } from '../platform/threads/task-thread.js';
import { ThreadUnavailable } from '../platform/threads/threads.errors.js';
import type { AnalysisTask } from './analysis-task.js';
import { type AnalysisOutcome, failedAnalysis } from './domain/analyzed-module.js';
import { AnalysisUnavailable } from './domain/modules.errors.js';

/** The thread has the language of this file: compiled in the product, source in tests. */
const ENTRY = new URL(import.meta.url.replace(/analysis-thread(\.[jt]s)/, 'analysis-worker$1'));

/**
 * Analyzes one version after the other in a thread with its own heap (`documentation.max_heap`) and a deadline
 * (`documentation.timeout`); what breaks a limit ends the thread and nothing else. The thread starts with the first
 * task and ends when it was idle for `documentation.worker_idle`.
 */
@Injectable()
export class AnalysisThread implements OnApplicationShutdown {
  private readonly thread: TaskThread<AnalysisTask, AnalysisOutcome>;

  constructor({ timeoutMs, maxHeapBytes, workerIdleMs: idleMs }: DocumentationConfig) {
    this.thread = new TaskThread({ name: 'module-analysis', entry: ENTRY, timeoutMs, maxHeapBytes, idleMs });
  }

  /** What comes of a task; limits that it breaks are an outcome. Throws {@link AnalysisUnavailable} otherwise. */
  async run(task: AnalysisTask): Promise<AnalysisOutcome> {
    try {
      const outcome = await this.thread.run(task);
      if (outcome.kind === 'done') return outcome.result;
      return failedAnalysis(`The analysis of the module was given up: ${outcome.reason}`);
    } catch (error) {
      if (error instanceof ThreadUnavailable) throw new AnalysisUnavailable({ cause: error });
      throw error;
    }
  }

  /** Whether the thread exists now. */
  get isRunning(): boolean {
    return this.thread.isRunning;
  }

  /** Ends the thread; a task that it works on is given up. */
  stop(): Promise<void> {
    return this.thread.stop();
  }

  /** After the jobs have ended, which wait for their outcomes. */
  onApplicationShutdown(): Promise<void> {
    return this.stop();
  }
}
