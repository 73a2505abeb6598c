import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

/** The folder of the project. */
export const PROJECT_ROOT = resolve(import.meta.dirname, '..', '..');
/** What `npm run build` makes; there once the global setup below has run. */
export const DIST = join(PROJECT_ROOT, 'dist');

/** Runs one of our scripts with the Node that runs the tests; throws with its output when it fails. */
export function runScript(script: string, ...options: string[]): string {
  const path = join(PROJECT_ROOT, 'scripts', script);
  const result = spawnSync(process.execPath, [path, ...options], { cwd: PROJECT_ROOT, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${script} failed:\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

/** Vitest global setup: a fresh build is reused, and two runs at the same time build once. */
export function setup(): void {
  runScript('build.mjs');
}
