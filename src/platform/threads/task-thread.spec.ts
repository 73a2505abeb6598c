import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TaskThread, type TaskThreadOptions } from './task-thread.js';
import { ThreadUnavailable } from './threads.errors.js';

const PROGRAM = `
import { parentPort } from 'node:worker_threads';
const hoard = [];
parentPort.on('message', (task) => {
  if (task === 'forever') for (;;);
  if (task === 'everything') for (;;) hoard.push(new Array(1e6).fill(hoard.length));
  if (task === 'broken') throw new Error('broken');
  if (task === 'exit') process.exit(0);
  parentPort.postMessage(task + 1);
});
parentPort.postMessage('started');
`;

describe('a thread for tasks', () => {
  const threads: TaskThread<unknown, unknown>[] = [];
  afterEach(() => Promise.all(threads.splice(0).map((thread) => thread.stop())));

  const aThread = (
    given: Partial<TaskThreadOptions> = {},
    program = PROGRAM,
  ): TaskThread<unknown, unknown> => {
    const thread = new TaskThread<unknown, unknown>({
      name: 'test',
      entry: new URL(`data:text/javascript,${encodeURIComponent(program)}`),
      timeoutMs: 20_000,
      maxHeapBytes: 32 * 1024 * 1024,
      idleMs: 60_000,
      ...given,
    });
    threads.push(thread);
    return thread;
  };

  it('does tasks one after the other and starts with the first', async () => {
    const thread = aThread();
    expect(thread.isRunning).toBe(false);
    const outcomes = await Promise.all([1, 2, 3].map((task) => thread.run(task)));
    expect(outcomes).toEqual([2, 3, 4].map((result) => ({ kind: 'done', result })));
    expect(thread.isRunning).toBe(true);
  });

  it('gives up a task that takes too long, and does the next one', async () => {
    const thread = aThread({ timeoutMs: 1500 });
    const [late, next] = await Promise.all([thread.run('forever'), thread.run(1)]);
    expect(late).toEqual({ kind: 'failed', reason: 'it took longer than 1.5 s' });
    expect(next).toEqual({ kind: 'done', result: 2 });
  });

  it('gives up a task that needs too much memory, and does the next one', async () => {
    const thread = aThread();
    const [large, next] = await Promise.all([thread.run('everything'), thread.run(1)]);
    expect(large).toEqual({ kind: 'failed', reason: 'it needed more than 32 MiB of memory' });
    expect(next).toEqual({ kind: 'done', result: 2 });
  });

  it('has an outcome for a task that fails', async () => {
    const logged = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    expect(await aThread().run('broken')).toEqual({ kind: 'failed', reason: 'it could not be read' });
    expect(logged).toHaveBeenCalledOnce();
    logged.mockRestore();
  });

  it('ends when it was idle, and starts again when it is needed', async () => {
    const thread = aThread({ idleMs: 1 });
    await thread.run(1);
    while (thread.isRunning) await pause(5);
    expect(await thread.run(1)).toEqual({ kind: 'done', result: 2 });
  });

  it('says when the work has to be done again: the thread ended, or does not start', async () => {
    await expect(aThread().run('exit')).rejects.toThrow(ThreadUnavailable);
    await expect(aThread({}, 'throw new Error("no")').run(1)).rejects.toThrow(ThreadUnavailable);
  });
});
