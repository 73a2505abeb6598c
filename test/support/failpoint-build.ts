import { join } from 'node:path';
import { PROJECT_ROOT, runScript } from './build.js';

/**
 * Makes a copy of the build in which failpoints work and returns its `dist` folder. It lies under
 * node_modules/.cache, where the packages are found; an up-to-date copy is reused.
 */
export function failpointBuild(): string {
  const directory = join(PROJECT_ROOT, 'node_modules', '.cache', 'failpoint-build');
  runScript('build.mjs', '--failpoints', directory);
  return join(directory, 'dist');
}
