import { Logger } from '@nestjs/common';
import { Worker } from 'node:worker_threads';
import { describeBytes } from '../archives/archive-limits.js';
import { ThreadUnavailable } from './threads.errors.js';

const MIB = 1024 * 1024;
const START_TIMEOUT_MS = 60_000;

/** Which program a thread runs, and what a task may cost. */
export interface TaskThreadOptions {
  /** Shown in logs. */
  readonly name: string;
  /** The program: it posts one message when it is ready, and one for each task that it is sent. */
  readonly entry: URL;
  readonly timeoutMs: number;
  readonly maxHeapBytes: number;
  /** The thread ends when it had nothing to do for this long. */
  readonly idleMs: number;
}

/** What came of a task; `reason` goes on a sentence, e.g. `it took longer than 5 s`. */
export type TaskOutcome<Result> =
  { readonly kind: 'done'; readonly result: Result } | { readonly kind: 'failed'; readonly reason: string };

/**
 * Does tasks, plain data, one after the other in a thread with a heap and a deadline of its own; what breaks a limit
 * ends the thread and nothing else. The thread starts with the first task.
 */
export class TaskThread<Task, Result> {
  private readonly logger = new Logger('Threads');
  private worker: Worker | undefined;
  private last: Promise<unknown> = Promise.resolve();
  private idle: NodeJS.Timeout | undefined;

  constructor(private readonly options: TaskThreadOptions) {}

  /** What comes of a task; a limit that it breaks is an outcome. Throws {@link ThreadUnavailable} otherwise. */
  run(task: Task): Promise<TaskOutcome<Result>> {
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

  private async runNow(task: Task): Promise<TaskOutcome<Result>> {
    clearTimeout(this.idle);
    try {
      const worker = (this.worker ??= await this.start());
      worker.ref();
      return await this.outcomeOf(worker, task);
    } finally {
      this.worker?.unref();
      this.idle = setTimeout(() => void this.stop(), this.options.idleMs);
      this.idle.unref();
    }
  }

  private async outcomeOf(worker: Worker, task: Task): Promise<TaskOutcome<Result>> {
    const { name, timeoutMs, maxHeapBytes } = this.options;
    const answer = answerOf<Result>(worker, timeoutMs);
    worker.postMessage(task, []);
    const { value, error, isLate } = await answer;
    if (value !== undefined) return { kind: 'done', result: value };
    await this.stop();
    if (isLate) return { kind: 'failed', reason: `it took longer than ${timeoutMs / 1000} s` };
    if (error === undefined) throw new ThreadUnavailable();
    if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
      return { kind: 'failed', reason: `it needed more than ${describeBytes(maxHeapBytes)} of memory` };
    }
    this.logger.error(`A task of the thread ${name} failed: ${error.stack ?? error.message}`);
    return { kind: 'failed', reason: 'it could not be read' };
  }

  private async start(): Promise<Worker> {
    const { name, entry, maxHeapBytes } = this.options;
    const worker = new Worker(entry, {
      name,
      env: {},
      execArgv: preloads(process.execArgv),
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(maxHeapBytes / MIB) },
    });
    worker.on('error', () => undefined);
    worker.once('exit', () => {
      if (this.worker === worker) this.worker = undefined;
    });
    const { value, error } = await answerOf(worker, START_TIMEOUT_MS);
    if (value !== undefined) return worker;
    await worker.terminate();
    throw new ThreadUnavailable(error && { cause: error });
  }
}

interface Answer<T> {
  readonly value?: T;
  readonly error?: Error;
  readonly isLate?: boolean;
}

/** The next message of a thread, or how it ended before; listens from the moment of the call. */
function answerOf<T>(worker: Worker, timeoutMs: number): Promise<Answer<T>> {
  return new Promise((resolve) => {
    const settle = (answer: Answer<T>): void => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('exit', onExit).off('error', onError);
      resolve(answer);
    };
    const onMessage = (value: T): void => settle({ value });
    const onError = (error: Error): void => settle({ error });
    const onExit = (): void => settle({});
    const timer = setTimeout(() => settle({ isLate: true }), timeoutMs);
    worker.once('message', onMessage).once('error', onError).once('exit', onExit);
  });
}

/** Modules that the process loaded before its program; other options belong to the process alone. */
function preloads(options: readonly string[]): string[] {
  return options.flatMap((option, index) => {
    if (/^--(?:import|require)=/.test(option)) return [option];
    return option === '--import' || option === '--require' ? [option, options[index + 1] ?? ''] : [];
  });
}
