import { runScript } from './build.js';

/** The `dist` folder of a build in which failpoints work; made when it is not there yet. */
export function failpointBuild(): string {
  return runScript('build.mjs', '--failpoints').trim().split('\n').at(-1)!;
}
