import { afterEach, describe, expect, it } from 'vitest';
import '../../test/support/typescript-workers.js';
import { DocumentationConfig } from '../config/documentation.config.js';
import type { AnalysisTask } from './analysis-task.js';
import { AnalysisThread } from './analysis-thread.js';
import { AnalysisUnavailable } from './domain/modules.errors.js';

const MIB = 1024 * 1024;

const task = (sources: Record<string, string>, given: Partial<AnalysisTask> = {}): AnalysisTask => ({
  sources: new Map(Object.entries(sources)),
  files: [],
  problems: [],
  filesUrl: '/files',
  maxResultLength: 8 * MIB,
  ...given,
});
const SMALL = task({ 'main.tf': 'variable "a" {}\n', 'README.md': '# Read' });
/** Takes some seconds. */
const SLOW = task({
  'main.tf': `variable "x" {\n  default = ${'['.repeat(4)}\n` + 'a = 1\n'.repeat(400_000),
});
const LARGE = task({
  'main.tf': Array.from(
    { length: 120_000 },
    (_, index) => `variable "v${index}" {\n  default = [1, 2, 3]\n}\n`,
  ).join(''),
});

describe('the thread of the analysis', () => {
  const threads: AnalysisThread[] = [];
  afterEach(async () => {
    for (const thread of threads.splice(0)) await thread.stop();
  });
  const threadWith = (given: Partial<DocumentationConfig> = {}): AnalysisThread => {
    const thread = new AnalysisThread({ ...new DocumentationConfig(), ...given });
    threads.push(thread);
    return thread;
  };

  it('answers with what a module declares and its rendered README', async () => {
    const thread = threadWith();
    const outcome = await thread.run(SMALL);
    expect(outcome).toMatchObject({
      status: 'ready',
      module: {
        parts: [{ part: { inputs: [{ name: 'a' }] }, readmeHtml: '<h1 id="readme-read">Read</h1>\n' }],
      },
    });
    expect(thread.isRunning).toBe(true);
  });

  it('takes many tasks one after the other', async () => {
    const thread = threadWith();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => thread.run(SMALL)));
    expect(outcomes.every(({ status }) => status === 'ready')).toBe(true);
  });

  it('gives a version up that takes too long, and goes on with the next', async () => {
    const thread = threadWith({ timeoutMs: 50 });
    await threadWith().run(SMALL);
    expect(await thread.run(SLOW)).toMatchObject({
      status: 'failed',
      problem: { message: 'The analysis of the module was given up: it took longer than 0.05 s' },
    });
    expect(thread.isRunning).toBe(false);
  });

  it('gives a version up that needs too much memory, and goes on with the next', async () => {
    const thread = threadWith({ maxHeapBytes: 64 * MIB, timeoutMs: 60_000 });
    expect((await thread.run(SMALL)).status).toBe('ready');
    expect(await thread.run(LARGE)).toMatchObject({
      status: 'failed',
      problem: { message: 'The analysis of the module was given up: it needed more than 64 MiB of memory' },
    });
    expect((await thread.run(SMALL)).status).toBe('ready');
  });

  it('refuses a result that is too large', async () => {
    const thread = threadWith();
    const { length } = JSON.stringify(((await thread.run(SMALL)) as unknown as { module: object }).module);
    expect((await thread.run({ ...SMALL, maxResultLength: length })).status).toBe('ready');
    expect(await thread.run({ ...SMALL, maxResultLength: length - 1 })).toMatchObject({
      status: 'failed',
      problem: { message: 'The module declares more than the registry can show' },
    });
  });

  it('says that it is not available when it is ended in the middle, and starts again', async () => {
    const thread = threadWith();
    await thread.run(SMALL);
    const interrupted = thread.run(SLOW).catch((error: unknown) => error);
    await new Promise((resolve) => setImmediate(resolve));
    await thread.stop();
    expect(await interrupted).toBeInstanceOf(AnalysisUnavailable);
    expect((await thread.run(SMALL)).status).toBe('ready');
  });

  it('ends when nothing is left to do', async () => {
    const thread = threadWith({ workerIdleMs: 0 });
    await thread.run(SMALL);
    await expect.poll(() => thread.isRunning).toBe(false);
    expect((await thread.run(SMALL)).status).toBe('ready');
  });

  it('keeps a stranger away from the secrets of the process', async () => {
    process.env['SECRET_OF_THE_PROCESS'] = 'secret';
    const thread = threadWith();
    const outcome = await thread.run(
      task({ 'main.tf': 'variable "a" {\n  default = env.SECRET_OF_THE_PROCESS\n}\n' }),
    );
    delete process.env['SECRET_OF_THE_PROCESS'];
    expect(JSON.stringify(outcome)).not.toContain('"secret"');
  });
});
