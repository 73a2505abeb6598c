import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Worker } from 'node:worker_threads';
import { DocumentationConfig } from '../config/documentation.config.js';
import { describeBytes } from '../platform/archives/archive-limits.js';
import type { AnalysisTask } from './analysis-task.js';
import { type AnalysisOutcome, failedAnalysis } from './domain/analyzed-module.js';
import { AnalysisUnavailable } from './domain/modules.errors.js';

const MIB = 1024 * 1024;
const START_TIMEOUT_MS = 60_000;
/** The thread has the language of this file: compiled in the product, source in tests. */
const ENTRY = new URL(import.meta.url.replace(/analysis-thread(\.[jt]s)/, 'analysis-worker$1'));

/**
 * Analyzes one version after the other in a thread with its own heap (`documentation.max_heap`) and a deadline
 * (`documentation.timeout`); what breaks a limit ends the thread and nothing else. The thread starts with the first
 * task and ends when it was idle for `documentation.worker_idle`.
 */
@Injectable()
export class AnalysisThread implements OnApplicationShutdown {
  private readonly logger = new Logger('Documentation');
  private worker: Worker | undefined;
  private last: Promise<unknown> = Promise.resolve();
  private idle: NodeJS.Timeout | undefined;

  constructor(private readonly config: DocumentationConfig) {}

  /** What comes of a task; limits that it breaks are an outcome. Throws {@link AnalysisUnavailable} otherwise. */
  async run(task: AnalysisTask): Promise<AnalysisOutcome> {
    const turn = this.last.then(() => this.runNow(task));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  /** Whether the thread exists now. */
  get isRunning(): boolean {
    return this.worker !== undefined;
  }

  /** Ends the thread; a task that it works on is given up. */
  async stop(): Promise<void> {
    clearTimeout(this.idle);
    const worker = this.worker;
    this.worker = undefined;
    await worker?.terminate();
  }

  /** After the jobs have ended, which wait for their outcomes. */
  async onApplicationShutdown(): Promise<void> {
    await this.stop();
  }

  private async runNow(task: AnalysisTask): Promise<AnalysisOutcome> {
    clearTimeout(this.idle);
    try {
      const worker = (this.worker ??= await this.start());
      worker.ref();
      return await this.outcomeOf(worker, task);
    } finally {
      this.worker?.unref();
      this.idle = setTimeout(() => void this.stop(), this.config.workerIdleMs);
      this.idle.unref();
    }
  }

  private async outcomeOf(worker: Worker, task: AnalysisTask): Promise<AnalysisOutcome> {
    const { timeoutMs, maxHeapBytes } = this.config;
    const answer = answerOf<AnalysisOutcome>(worker, timeoutMs);
    worker.postMessage(task, []);
    const result = await answer;
    if (result.kind === 'answer') return result.value;
    await this.stop();
    if (result.kind === 'late') {
      return failedAnalysis(`The analysis of the module took longer than ${timeoutMs / 1000} seconds`);
    }
    if (result.error === undefined) throw new AnalysisUnavailable();
    if (isOutOfMemory(result.error)) {
      return failedAnalysis(
        `The analysis of the module needed more than ${describeBytes(maxHeapBytes)} of memory`,
      );
    }
    this.logger.error(`The analysis of a module failed: ${result.error.stack ?? result.error.message}`);
    return failedAnalysis('The module could not be analyzed');
  }

  private async start(): Promise<Worker> {
    const worker = new Worker(ENTRY, {
      name: 'module-analysis',
      env: {},
      execArgv: preloads(process.execArgv),
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(this.config.maxHeapBytes / MIB) },
    });
    worker.on('error', () => undefined);
    worker.once('exit', () => {
      if (this.worker === worker) this.worker = undefined;
    });
    const started = await answerOf(worker, START_TIMEOUT_MS);
    if (started.kind === 'answer') return worker;
    await worker.terminate();
    throw new AnalysisUnavailable(started.kind === 'ended' ? { cause: started.error } : {});
  }
}

type Answer<T> =
  | { readonly kind: 'answer'; readonly value: T }
  | { readonly kind: 'late' }
  | { readonly kind: 'ended'; readonly error: Error | undefined };

/** The next message of a thread, or how it ended before; listens from the moment of the call. */
function answerOf<T>(worker: Worker, timeoutMs: number): Promise<Answer<T>> {
  return new Promise((resolve) => {
    const settle = (answer: Answer<T>): void => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('exit', onExit).off('error', onError);
      resolve(answer);
    };
    const onMessage = (value: T): void => settle({ kind: 'answer', value });
    const onError = (error: Error): void => settle({ kind: 'ended', error });
    const onExit = (): void => settle({ kind: 'ended', error: undefined });
    const timer = setTimeout(() => settle({ kind: 'late' }), timeoutMs);
    worker.once('message', onMessage).once('error', onError).once('exit', onExit);
  });
}

function isOutOfMemory(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
}

/** Modules that the process loaded before its program; other options belong to the process alone. */
function preloads(options: readonly string[]): string[] {
  return options.flatMap((option, index) => {
    if (/^--(?:import|require)=/.test(option)) return [option];
    return option === '--import' || option === '--require' ? [option, options[index + 1] ?? ''] : [];
  });
}
