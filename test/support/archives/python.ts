import { spawnSync } from 'node:child_process';

/** True when this machine has Python 3. */
export const hasPython = spawnSync('python3', ['-c', 'import tarfile, zipfile']).status === 0;

/** Runs a script with arguments and returns what it printed as JSON. */
export function runPython(script: string, args: readonly string[]): unknown {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', script, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) {
    throw new Error(`python3 failed: ${stderr}`);
  }
  return JSON.parse(stdout);
}
