import type { PublishedFrom } from '../../access/principal.js';
import type { VersionLife } from '../../kernel/terraform/version-life.js';

/** Who signed the checksum document that clients verify. */
export type ReleaseSigner = 'publisher' | 'registry';

/** One published version of a provider: its checksum document, signature and packages. */
export interface ProviderVersion extends VersionLife {
  readonly id: string;
  readonly providerId: string;
  /** Canonical semantic version. */
  readonly version: string;
  /** Text whose bytewise order is the order of precedence. */
  readonly sortKey: string;
  /** Plugin protocol versions, e.g. `5.0`. */
  readonly protocols: string[];
  readonly signedBy: ReleaseSigner;
  /** Upper-case hex fingerprint of the key whose signature is served. */
  readonly signingKeyFingerprint: string;
  readonly signingKeyArmor: string;
  /** A key the publisher sent along, kept even when the registry signs. */
  readonly publisherKeyArmor: string | null;
  /** The checksum document, byte for byte as served. */
  readonly shasums: string;
  /** The binary detached OpenPGP signature over `shasums`. */
  readonly signature: Buffer;
  readonly shasumsArtifactId: string | null;
  readonly signatureArtifactId: string | null;
  /** The archive of the documentation; null when none was sent. */
  readonly docsArtifactId: string | null;
  /** SHA-256 of that archive, lower-case hex. */
  readonly docsDigest: string | null;
  /** From where a pipeline published it. */
  readonly publishedFrom: PublishedFrom | null;
}

/** The package of one platform. Its bytes never change; a tombstone has no artifact. */
export interface ProviderPackage {
  readonly id: string;
  readonly versionId: string;
  readonly os: string;
  readonly arch: string;
  /** Canonical file name, the second column of the checksum document. */
  readonly filename: string;
  /** SHA-256 of the zip, lower-case hex. */
  readonly digest: string;
  /** Directory hash of the unpacked zip, `h1:…`. */
  readonly h1: string;
  readonly sizeBytes: number;
  readonly artifactId: string | null;
  readonly createdAt: Date;
}

/** A version with its packages, tombstones among them. */
export interface ProviderVersionWithPackages {
  readonly version: ProviderVersion;
  readonly packages: readonly ProviderPackage[];
}

/** What lists show of a version. */
export interface ListedRelease extends Pick<
  ProviderVersion,
  'version' | 'state' | 'stateReason' | 'deprecatedAt' | 'deprecationMessage' | 'replacement'
> {
  readonly protocols: readonly string[];
  /** `os_arch` of the packages that are here. */
  readonly platforms: readonly string[];
}

/** A package that is here, and the version that it belongs to. */
export interface HeldProviderPackage extends Pick<
  ProviderPackage,
  'id' | 'versionId' | 'filename' | 'digest' | 'sizeBytes'
> {
  readonly version: string;
  /** `os_arch` */
  readonly platform: string;
}
