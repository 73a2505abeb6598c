import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleBytes, bundledRelease, type MadeRelease } from '../../../test/support/bundle-fixture.js';
import { makeUpstreamKeys, type UpstreamKeys } from '../../../test/support/fakes/upstream/upstream-keys.js';
import { OpenPgpVerifier } from '../../platform/signatures/openpgp-verifier.js';
import {
  BundleInvalid,
  BundlePackageDamaged,
  BundleSignerNotNamed,
  BundleSignerNotTrusted,
  StoredPackageDamaged,
} from '../domain/bundle.errors.js';
import { BundleReader, type ExpectedSigner } from './bundle-reader.service.js';

const reader = new BundleReader(new OpenPgpVerifier());
let keys: UpstreamKeys;
let made: MadeRelease[];
let honest: Buffer;
let directory: string;
let expected: ExpectedSigner;
let serial = 0;

beforeAll(async () => {
  keys = await makeUpstreamKeys();
  made = [await bundledRelease(keys.honest, '1.1.0'), await bundledRelease(keys.honest, '1.0.0+build.1')];
  honest = await bundleBytes(keys.stranger, made);
  directory = await mkdtemp(join(tmpdir(), 'bundle-reader-'));
  expected = { named: keys.stranger.fingerprint, pinned: [] };
});

afterAll(() => rm(directory, { recursive: true }));

describe('a bundle that was written', () => {
  it('is read again with everything that was put into it', async () => {
    const { manifest, signerFingerprint, file } = await reader.open(await onDisk(honest), expected);
    expect(signerFingerprint).toBe(keys.stranger.fingerprint);
    expect(manifest.releases).toEqual(made.map(({ release }) => release));
    for (const { release, bytes } of made) {
      for (const held of release.packages) {
        const listed = manifest.releases
          .flatMap((one) => one.packages)
          .find(({ digest }) => digest === held.digest)!;
        const path = join(directory, `package-${(serial += 1)}`);
        await file.extract(listed, path);
        expect(await readFile(path)).toEqual(bytes.get(held.digest));
      }
    }
    await file.close();
  });

  it('is an archive that tar lists, and whose head sha256sum checks', async () => {
    const path = await onDisk(honest);
    const names = execFileSync('tar', ['-tf', path], { encoding: 'utf8' }).trim().split('\n');
    expect(names.slice(0, 4)).toEqual(['manifest.json', 'manifest.json.sig', 'signer.asc', 'SHA256SUMS']);
    expect(names).toHaveLength(8);
    const target = await mkdtemp(join(directory, 'tar-'));
    execFileSync('tar', ['-xf', path, '-C', target]);
    expect(execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: target, encoding: 'utf8' })).toContain(
      'manifest.json: OK',
    );
  });

  it('may hold nothing', async () => {
    const { manifest, file } = await reader.open(
      await onDisk(await bundleBytes(keys.stranger, [])),
      expected,
    );
    await file.close();
    expect(manifest.releases).toEqual([]);
  });

  it('is broken off when stored bytes are not those of the row', async () => {
    const { release, bytes } = made[0]!;
    const { digest } = release.packages[0]!;
    for (const wrong of [Buffer.from('other'), Buffer.concat([bytes.get(digest)!, Buffer.from('x')])]) {
      const changed = { release, bytes: new Map([...bytes, [digest, wrong]]) };
      await expect(bundleBytes(keys.stranger, [changed])).rejects.toThrow(StoredPackageDamaged);
    }
  });
});

describe('a bundle that was changed on the way', () => {
  it('is refused wherever a byte was flipped', async () => {
    const path = await onDisk(honest);
    const file = await open(path, 'r+');
    const survivors: number[] = [];
    for (const at of positionsIn(honest)) {
      await file.write(Buffer.from([honest[at]! ^ (1 << (at % 8))]), 0, 1, at);
      if (await isUsable(path)) survivors.push(at);
      await file.write(honest, at, 1, at);
    }
    expect(survivors).toEqual([]);
    expect(await isUsable(path)).toBe(true);
    await file.close();
  });

  it('loses no more than the version whose package was changed', async () => {
    const bytes = Buffer.from(honest);
    const last = made[1]!.bytes.get(made[1]!.release.packages.at(-1)!.digest)!;
    bytes[honest.indexOf(last) + 5]! ^= 1;
    const { manifest, file } = await reader.open(await onDisk(bytes), expected);
    const outcomes = await Promise.all(
      manifest.releases
        .flatMap(({ packages }) => packages)
        .map((held) =>
          file.extract(held, join(directory, `part-${(serial += 1)}`)).then(
            () => 'whole',
            (error: unknown) => error,
          ),
        ),
    );
    await file.close();
    expect(outcomes.slice(0, 3)).toEqual(['whole', 'whole', 'whole']);
    expect(outcomes[3]).toBeInstanceOf(BundlePackageDamaged);
  });

  it('is refused wherever it was cut off', async () => {
    const marks = [
      0,
      1,
      511,
      512,
      513,
      2000,
      honest.length - 1025,
      honest.length - 1024,
      honest.length - 512,
      honest.length - 1,
    ];
    for (const length of marks) {
      await expect(reader.open(await onDisk(honest.subarray(0, length)), expected)).rejects.toThrow(
        BundleInvalid,
      );
    }
  });

  it('is refused with something behind its end', async () => {
    const longer = Buffer.concat([honest, Buffer.alloc(512)]);
    await expect(reader.open(await onDisk(longer), expected)).rejects.toThrow('something behind its end');
  });
});

describe('the signer of a bundle', () => {
  it('has to be named or pinned', async () => {
    await expect(reader.open(await onDisk(honest), { pinned: [] })).rejects.toThrow(BundleSignerNotNamed);
    const opened = await reader.open(await onDisk(honest), { pinned: [keys.stranger.fingerprint] });
    await opened.file.close();
    expect(opened.signerFingerprint).toBe(keys.stranger.fingerprint);
  });

  it.each([
    ['another one than was named', () => ({ named: keys.honest.fingerprint, pinned: [] })],
    ['one that is not pinned', () => ({ pinned: [keys.honest.fingerprint] })],
    [
      'one that was named but is not pinned',
      () => ({ named: keys.stranger.fingerprint, pinned: [keys.honest.fingerprint] }),
    ],
  ])('is refused when it is %s', async (_case, wrong) => {
    await expect(reader.open(await onDisk(honest), wrong())).rejects.toThrow(BundleSignerNotTrusted);
  });

  it('is refused when its key was revoked', async () => {
    const bytes = await bundleBytes(keys.revoked, made);
    const wanted = { named: keys.revoked.fingerprint, pinned: [] };
    await expect(reader.open(await onDisk(bytes), wanted)).rejects.toThrow(BundleInvalid);
  });

  it('cannot lend its key to a list that somebody else signed', async () => {
    const forger = { ...keys.honest, armor: keys.stranger.armor };
    await expect(reader.open(await onDisk(await bundleBytes(forger, made)), expected)).rejects.toThrow(
      'its signature does not count',
    );
  });
});

describe('a signed list that breaks a rule', () => {
  it.each([
    ['a file name that leads elsewhere', /"filename":"[^"]+"/, '"filename":"../../etc/passwd"'],
    ['an absolute file name', /"filename":"[^"]+"/, '"filename":"/etc/cron.d/x"'],
    ['a namespace that leads elsewhere', '"namespace":"acme"', '"namespace":"../acme"'],
    ['a host that leads elsewhere', '"registry.example.com"', '"../registry"'],
    ['a platform that leads elsewhere', '"os":"linux"', '"os":"../x"'],
    ['a version that leads elsewhere', '"version":"1.1.0"', '"version":"../1.1.0"'],
    ['a digest that is none', /"sha256":"[0-9a-f]{64}"/, '"sha256":"../../x"'],
    ['a digest that its publisher did not sign', /"sha256":"[0-9a-f]{8}/, '"sha256":"00000000'],
    ['a negative size', /"size":\d+/, '"size":-1'],
    ['a size that is no number', /"size":\d+/, '"size":"1"'],
    ['a size that no archive can tell', /"size":\d+/, '"size":99999999999999'],
    ['an h1 that is none', /"h1":"[^"]+"/, '"h1":"zh:1"'],
    ['a key that is not there', /"key":"[0-9a-f]{8}/, '"key":"00000000'],
    ['another format', 'terraform-provider-bundle', 'something-else'],
    ['a format of the future', '"format_version":1', '"format_version":2'],
    ['no list', '"releases":[', '"other":['],
    ['a version twice', '"version":"1.0.0+build.1"', '"version":"1.1.0"'],
    ['no JSON', '{', ''],
  ])('is refused with %s', async (_case, search, replacement) => {
    const bytes = await bundleBytes(keys.stranger, made, (text) => text.replace(search, replacement));
    await expect(reader.open(await onDisk(bytes), expected)).rejects.toThrow(BundleInvalid);
  });
});

/** Each part has some: the head, what surrounds packages, their content, the end. */
function positionsIn(bytes: Buffer): number[] {
  const header = bytes.indexOf('packages/');
  const step = Math.ceil(bytes.length / 300) | 1;
  const everywhere = Array.from({ length: Math.ceil(bytes.length / step) }, (_, index) => index * step);
  const around = Array.from({ length: 90 }, (_, index) => header + index * 6);
  return [...everywhere, ...around, bytes.length - 1024, bytes.length - 1];
}

async function onDisk(bytes: Buffer): Promise<string> {
  const path = join(directory, `${(serial += 1)}.tar`);
  await writeFile(path, bytes);
  return path;
}

async function isUsable(path: string): Promise<boolean> {
  try {
    const { manifest, file } = await reader.open(path, expected);
    try {
      for (const held of manifest.releases.flatMap(({ packages }) => packages)) {
        const target = join(directory, 'tried');
        await rm(target, { force: true });
        await file.extract(held, target);
        expect(
          createHash('sha256')
            .update(await readFile(target))
            .digest('hex'),
        ).toBe(held.digest);
      }
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (error instanceof BundleInvalid || error instanceof BundlePackageDamaged) return false;
    throw error;
  }
}
