import type { Platform } from '../../kernel/terraform/platform.js';
import type { UpstreamVersion } from '../domain/upstream-version.js';

/** One package of a release in a bundle. */
export interface BundledPackage {
  readonly platform: Platform;
  readonly filename: string;
  /** SHA-256 of the zip, 64 lower-case hex digits. */
  readonly digest: string;
  /** Terraform's hash of the unpacked package, with its scheme. */
  readonly h1: string;
  readonly sizeBytes: number;
}

/** One version of a mirrored provider in a bundle, with the proof of who made it. */
export interface BundledRelease {
  /** Host name of the upstream registry, in lower case. */
  readonly host: string;
  readonly namespace: string;
  readonly type: string;
  readonly version: UpstreamVersion;
  /** In the form `5.0`. */
  readonly protocols: readonly string[];
  /** When the exporting side first saw it at the upstream. */
  readonly firstSeenAt: Date;
  /** SHA256SUMS of the publisher byte for byte. */
  readonly shasums: Buffer;
  /** Detached OpenPGP signature of the publisher over `shasums`. */
  readonly signature: Buffer;
  /** Public key of the publisher. */
  readonly keyArmor: string;
  readonly packages: readonly BundledPackage[];
}

/** What a bundle holds. The packages follow it in the order in which it names them. */
export interface BundleManifest {
  readonly createdAt: Date;
  /** Public address of the registry that made the bundle; only for people. */
  readonly exportedBy: string;
  readonly releases: readonly BundledRelease[];
}

/** The largest manifest that is written or read, in bytes: it is held in memory. */
export const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;
export const BUNDLE_FORMAT = 'terraform-provider-bundle';
export const BUNDLE_FORMAT_VERSION = 1;
