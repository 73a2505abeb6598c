import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAILPOINT_NAMES } from '../../src/platform/failpoints/failpoint-names.js';
import { DIST } from '../support/build.js';
import { failpointBuild } from '../support/failpoint-build.js';
import { productFiles } from '../support/source-tree.js';

const CALL = /^\s*(?:await |void )?failpoint\('([\w-]+)'\);$/gm;

/** The failpoints that a build would run, by name. */
function liveFailpoints(dist: string): string[] {
  const files = readdirSync(join(dist, 'src'), { recursive: true, encoding: 'utf8' });
  return files
    .filter((name) => name.endsWith('.js') && !name.startsWith(join('platform', 'failpoints')))
    .flatMap((name) => [...readFileSync(join(dist, 'src', name), 'utf8').matchAll(CALL)])
    .map((match) => match[1]!)
    .sort();
}

describe('failpoints', () => {
  const inSource = productFiles()
    .flatMap((file) => [...file.text.matchAll(CALL)])
    .map((match) => match[1]!)
    .sort();

  it('are in the source, each declared name at least once', () => {
    expect([...new Set(inSource)].sort()).toEqual([...FAILPOINT_NAMES].sort());
  });

  it('stand alone on one line, so that a build can take them out', () => {
    const calls = productFiles()
      .filter((file) => !file.path.startsWith('src/platform/failpoints/'))
      .flatMap((file) => [...file.text.matchAll(/\bfailpoint\(/g)]);
    expect(calls).toHaveLength(inSource.length);
  });

  it('are absent from the production build', () => {
    expect(liveFailpoints(DIST)).toEqual([]);
  });

  it('are all alive in the build for crash tests', () => {
    expect(liveFailpoints(failpointBuild())).toEqual(inSource);
  });
});
