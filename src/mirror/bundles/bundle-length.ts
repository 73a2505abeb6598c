import { type BundleHead, headChecksums } from './bundle-head.js';
import type { BundledRelease } from './bundle-manifest.js';
import { ARCHIVE_END, entryLength } from './tar-layout.js';

/** The size of the whole file in bytes. */
export function bundleLength(head: BundleHead, releases: readonly BundledRelease[]): number {
  const parts = [head.manifest, head.signature, head.signer, headChecksums(head)];
  const packages = releases.flatMap((release) => release.packages.map(({ sizeBytes }) => sizeBytes));
  const sizes = [...parts.map(({ length }) => length), ...packages];
  return sizes.reduce((sum, size) => sum + entryLength(size), ARCHIVE_END.length);
}
