import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildZip, type ZipFileOptions } from '../../support/archives/zip-builder.js';
import { FakeUpstream } from '../../support/fakes/upstream/fake-upstream.js';
import { MirrorHarness } from '../../support/fakes/upstream/mirror-harness.js';
import { makeUpstreamKeys, type UpstreamKeys } from '../../support/fakes/upstream/upstream-keys.js';
import { makeRelease, TYPE, VERSION } from '../../support/fakes/upstream/upstream-release.js';

const PROGRAM = { name: `terraform-provider-${TYPE}_v${VERSION}`, content: '#!/bin/sh\n', mode: 0o100755 };
const PAGE = { name: 'docs/readme.md', content: 'hello', mode: 0o100644 };
const FOLDER = { name: 'docs/', content: '', mode: 0o040755 };

let keys: UpstreamKeys;
let upstream: FakeUpstream;
let harness: MirrorHarness;

beforeAll(async () => {
  Logger.overrideLogger(false);
  keys = await makeUpstreamKeys();
});
afterEach(async () => {
  expect(harness.leftovers).toEqual([]);
  await harness.close();
  await upstream.stop();
});
afterAll(() => Logger.overrideLogger(['error']));

async function h1Of(files: ZipFileOptions[]): Promise<string> {
  const packages = () => buildZip(files);
  upstream = await FakeUpstream.start(keys, {
    release: ({ honest }) => makeRelease(honest, VERSION, { packages }),
  });
  harness = new MirrorHarness();
  const { fetched } = await harness.mirror(upstream);
  await fetched.discard();
  return fetched.h1;
}

describe('a package of an upstream with entries for directories', () => {
  it('is accepted, with the hash that clients write into the lock file: of its files alone', async () => {
    const lines = [PAGE, PROGRAM].map(
      ({ name, content }) => `${createHash('sha256').update(content).digest('hex')}  ${name}\n`,
    );
    const hash = createHash('sha256').update(lines.join('')).digest('base64');
    expect(await h1Of([FOLDER, PAGE, PROGRAM])).toBe(`h1:${hash}`);
  });

  it.each([
    ['with content', { ...FOLDER, content: 'x' }],
    ['that leads outside', { ...FOLDER, name: '../docs/' }],
    ['that is a file too', { ...FOLDER, name: `${PROGRAM.name}/` }],
    ['that is a link', { ...FOLDER, mode: 0o120777 }],
  ])('is refused when there is one %s', async (_case, folder) => {
    await expect(h1Of([folder, PAGE, PROGRAM])).rejects.toMatchObject({ code: 'package_unusable' });
  });
});
