import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { Platform } from '../../src/kernel/terraform/platform.js';
import { parseUpstreamVersion } from '../../src/mirror/domain/upstream-version.js';
import type { BundleManifest, BundledRelease } from '../../src/mirror/bundles/bundle-manifest.js';
import { formatManifest } from '../../src/mirror/bundles/manifest-text.js';
import { writeBundle } from '../../src/mirror/bundles/write-bundle.js';
import type { UpstreamKey } from './fakes/upstream/upstream-keys.js';
import { makeRelease, NAMESPACE, TYPE } from './fakes/upstream/upstream-release.js';

/** A release as a bundle has it, with the bytes of its packages by digest. */
export interface MadeRelease {
  readonly release: BundledRelease;
  readonly bytes: ReadonlyMap<string, Buffer>;
}

/** A version of the fake upstream, signed by its publisher. */
export async function bundledRelease(
  publisher: UpstreamKey,
  version: string,
  changes: Partial<BundledRelease> = {},
): Promise<MadeRelease> {
  const { packages, shasums, signature } = await makeRelease(publisher, version);
  const bytes = new Map<string, Buffer>();
  const listed = Object.entries(packages).map(([filename, data]) => {
    const digest = createHash('sha256').update(data).digest('hex');
    bytes.set(digest, data);
    const platform = Platform.parseKey(
      filename
        .replace(/\.zip$/, '')
        .split('_')
        .slice(-2)
        .join('_'),
    );
    return { platform, filename, digest, h1: `h1:${'A'.repeat(43)}=`, sizeBytes: data.length };
  });
  const release: BundledRelease = {
    host: 'registry.example.com',
    namespace: NAMESPACE,
    type: TYPE,
    version: parseUpstreamVersion(version)!,
    protocols: ['5.0'],
    firstSeenAt: new Date('2026-01-02T03:04:05.000Z'),
    shasums: Buffer.from(shasums, 'latin1'),
    signature,
    keyArmor: publisher.armor,
    packages: listed,
    ...changes,
  };
  return { release, bytes };
}

/** Writes a bundle of these releases, signed by `signer`; `text` replaces the manifest that is signed. */
export async function bundleBytes(
  signer: UpstreamKey,
  made: readonly MadeRelease[],
  text?: (honest: string) => string,
): Promise<Buffer> {
  const releases = made.map(({ release }) => release);
  const manifest: BundleManifest = { createdAt: new Date(0), exportedBy: 'https://registry.test', releases };
  const honest = formatManifest(manifest);
  const signed = text ? Buffer.from(text(honest.toString())) : honest;
  const head = { manifest: signed, signature: await signer.sign(signed), signer: Buffer.from(signer.armor) };
  const pieces: Buffer[] = [];
  const open = ({ digest }: { digest: string }): Promise<AsyncIterable<Buffer>> => {
    const bytes = made.map((one) => one.bytes.get(digest)).find(Boolean)!;
    return Promise.resolve(piecesOf(bytes));
  };
  for await (const piece of writeBundle(head, releases, open)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** A bundle on disk. */
export async function writeBundleFile(path: string, ...args: Parameters<typeof bundleBytes>): Promise<void> {
  await writeFile(path, await bundleBytes(...args));
}

async function* piecesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1000) yield await Promise.resolve(bytes.subarray(at, at + 1000));
}
