import type { ChildProcess } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { ended, spawnTypescript } from '../../support/typescript-process.js';
import { eventually } from './support/raw-http.js';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(...args: string[]) {
  const child = spawnTypescript('../integration/http/support/signal-process.ts', args);
  children.push(child);
  const process = { child, output: '', ended: ended(child) };
  child.stdout?.on('data', (chunk: Buffer) => (process.output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (process.output += chunk.toString()));
  return process;
}

async function waiting(...args: string[]) {
  const process = start(...args);
  await eventually(() => process.output.includes('waiting'));
  return process;
}

describe('a process that is told to stop', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('ends with status 0 after %s', async (signal) => {
    const { child, ended: end } = await waiting('well');
    child.kill(signal);
    expect(await end).toBe(0);
  });

  it('ends at once on the second signal', async () => {
    const process = await waiting('hangs');
    process.child.kill('SIGTERM');
    await eventually(() => process.output.includes('Stopping'));
    expect(process.child.exitCode).toBeNull();
    process.child.kill('SIGTERM');
    expect(await process.ended).toBe(1);
  });

  it('ends with status 1 and says why when stopping fails', async () => {
    const process = await waiting('fails');
    process.child.kill('SIGTERM');
    expect(await process.ended).toBe(1);
    expect(process.output).toContain('It does not stop');
  });

  it('goes on after SIGHUP', async () => {
    const process = await waiting('well');
    process.child.kill('SIGHUP');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(process.child.exitCode ?? process.child.signalCode).toBeNull();
    process.child.kill('SIGTERM');
    expect(await process.ended).toBe(0);
  });
});

describe('an error that nobody handles', () => {
  it.each([
    ['rejection', 'nobody waits for this'],
    ['exception', 'nobody catches this'],
  ])('is logged, then the process ends with status 1: %s', async (lost, message) => {
    const process = start('well', lost);
    expect(await process.ended).toBe(1);
    await eventually(() => process.output.includes(message));
    expect(process.output).toContain('"level":"fatal"');
  });
});
