import { createHash } from 'node:crypto';
import { StoredPackageDamaged } from '../domain/bundle.errors.js';
import { type BundleHead, HEAD_ENTRIES, headChecksums, packageEntry } from './bundle-head.js';
import type { BundledPackage, BundledRelease } from './bundle-manifest.js';
import { ARCHIVE_END, paddingOf, tarHeader } from './tar-layout.js';

/**
 * The bytes of a bundle, piece by piece. `open` gives the stored bytes of a package. Throws what `open` throws, and
 * `StoredPackageDamaged` for bytes that the manifest does not name: what was written until then is no bundle.
 */
export async function* writeBundle(
  head: BundleHead,
  releases: readonly BundledRelease[],
  open: (held: BundledPackage) => Promise<AsyncIterable<Buffer>>,
): AsyncGenerator<Buffer> {
  const parts: readonly (readonly [string, Buffer])[] = [
    [HEAD_ENTRIES.manifest, head.manifest],
    [HEAD_ENTRIES.signature, head.signature],
    [HEAD_ENTRIES.signer, head.signer],
    [HEAD_ENTRIES.checksums, headChecksums(head)],
  ];
  for (const [name, content] of parts) {
    yield tarHeader(name, content.length);
    yield content;
    yield Buffer.alloc(paddingOf(content.length));
  }
  for (const { packages } of releases) {
    for (const held of packages) yield* writePackage(held, await open(held));
  }
  yield ARCHIVE_END;
}

async function* writePackage(
  { digest, filename, sizeBytes }: BundledPackage,
  content: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  yield tarHeader(packageEntry(digest), sizeBytes);
  const hash = createHash('sha256');
  let written = 0;
  for await (const piece of content) {
    written += piece.length;
    if (written > sizeBytes) throw new StoredPackageDamaged(filename);
    hash.update(piece);
    yield piece;
  }
  if (written !== sizeBytes || hash.digest('hex') !== digest) throw new StoredPackageDamaged(filename);
  yield Buffer.alloc(paddingOf(sizeBytes));
}
