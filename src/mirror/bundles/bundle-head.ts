import { sha256Hex } from '../../kernel/sha256.js';
import { Shasums } from '../../kernel/terraform/shasums.js';

/** Entries of a bundle before the packages, in their order. */
export const HEAD_ENTRIES = {
  manifest: 'manifest.json',
  signature: 'manifest.json.sig',
  signer: 'signer.asc',
  checksums: 'SHA256SUMS',
} as const;

/** What stands before the packages. */
export interface BundleHead {
  readonly manifest: Buffer;
  /** Detached OpenPGP signature of the exporting registry over `manifest`, in binary form. */
  readonly signature: Buffer;
  /** Public key of the exporting registry. */
  readonly signer: Buffer;
}

/**
 * The digests of the three parts: `sha256sum -c` finds a damaged head, also where a signature or a key has bytes that
 * mean nothing.
 */
export function headChecksums({ manifest, signature, signer }: BundleHead): Buffer {
  return Buffer.from(
    Shasums.format([
      [HEAD_ENTRIES.manifest, sha256Hex(manifest)],
      [HEAD_ENTRIES.signature, sha256Hex(signature)],
      [HEAD_ENTRIES.signer, sha256Hex(signer)],
    ]),
  );
}

/** The entry of a package: its digest and nothing else, so that no name of it is ever taken for a path. */
export function packageEntry(digest: string): string {
  return `packages/${digest}`;
}
