import { Shasums } from '../../kernel/terraform/shasums.js';
import { isQuarantined } from '../../kernel/terraform/version-standing.js';
import type { ProviderPackage, ProviderVersionWithPackages } from './provider-version.js';
import { defaultProtocols } from './protocol-versions.js';
import {
  InvalidReleaseChecksums,
  ProviderPlatformExists,
  ProviderReleaseClosed,
  ProviderReleaseDiffers,
  ProviderVersionDeleted,
  ProviderVersionQuarantined,
} from './providers.errors.js';

/** A package that was uploaded and inspected. */
export interface IncomingPackage {
  readonly os: string;
  readonly arch: string;
  readonly filename: string;
  readonly digest: string;
  readonly h1: string;
  readonly sizeBytes: number;
}

/** A checksum document whose signature was verified against the publisher's key. */
export interface PublisherSums {
  readonly text: string;
  readonly signature: Buffer;
  readonly keyFingerprint: string;
  readonly keyArmor: string;
}

/** What one publishing call brings. */
export interface IncomingRelease {
  readonly packages: readonly IncomingPackage[];
  readonly protocols?: readonly string[];
  readonly publisherKeyArmor?: string;
  readonly sums?: PublisherSums;
  /** SHA-256 of the documentation archive. */
  readonly docsDigest?: string | undefined;
  /** A checksum document that came without a signature: it is compared with the packages and not served. */
  readonly unsignedShasums?: string;
}

/** What the version looks like once the call is recorded. */
export interface ReleasePlan {
  readonly protocols: string[];
  readonly publisherKeyArmor: string | null;
  /** The documentation archive that the version has already. */
  readonly docs: { readonly artifactId: string; readonly digest: string } | null;
  /** New or returning packages of this call. */
  readonly added: readonly IncomingPackage[];
  /**
   * `publisher`: these sums and their signature are served, stored before or sent now. `registry`:
   * `shasums` is to be signed by the registry.
   */
  readonly signing:
    | { readonly kind: 'publisher'; readonly sums: PublisherSums }
    | { readonly kind: 'registry'; readonly shasums: string };
  /** The number of a deleted version is used again with other bytes, as the server setting allows. */
  readonly isOtherContent: boolean;
}

/**
 * Decides what a publishing call makes of a version (REST contract 16). A version signed by its
 * publisher is closed: it takes only what its checksum document lists. A version signed by the registry
 * is open: it grows, and its existing lines never change.
 *
 * @throws ProviderPlatformExists, ProviderVersionDeleted, ProviderVersionQuarantined, ProviderReleaseClosed,
 *   ProviderReleaseDiffers, InvalidReleaseChecksums
 */
export function planRelease(
  version: string,
  existing: ProviderVersionWithPackages | null,
  incoming: IncomingRelease,
  allowRepublish: boolean,
): ReleasePlan {
  const isOtherContent = allowRepublish && existing?.version.state === 'deleted';
  const stored = isOtherContent ? null : existing;
  for (const added of incoming.packages) assertFree(version, stored, added);
  if (existing && isQuarantined(existing.version)) throw new ProviderVersionQuarantined(version);
  assertSameStory(version, stored, incoming);
  const kept = (stored?.packages ?? []).filter((held) => held.artifactId !== null);
  return {
    protocols: [...(stored?.version.protocols ?? incoming.protocols ?? defaultProtocols())],
    publisherKeyArmor: stored?.version.publisherKeyArmor ?? incoming.publisherKeyArmor ?? null,
    docs: docsOf(stored),
    added: incoming.packages,
    signing: chooseSigning(version, stored, incoming, kept),
    isOtherContent,
  };
}

function docsOf(stored: ProviderVersionWithPackages | null): ReleasePlan['docs'] {
  const { docsArtifactId = null, docsDigest = null } = stored?.version ?? {};
  return docsArtifactId === null || docsDigest === null
    ? null
    : { artifactId: docsArtifactId, digest: docsDigest };
}

function assertFree(
  version: string,
  stored: ProviderVersionWithPackages | null,
  added: IncomingPackage,
): void {
  const held = stored?.packages.find(({ os, arch }) => os === added.os && arch === added.arch);
  if (held && held.artifactId !== null) {
    throw new ProviderPlatformExists(`${added.os}/${added.arch}`, version, held.digest);
  }
  if (held && held.digest !== added.digest) throw new ProviderVersionDeleted(version, held.digest);
  if (!held && stored?.version.state === 'deleted') {
    throw new ProviderVersionDeleted(version, stored.packages[0]?.digest ?? '');
  }
}

function assertSameStory(
  version: string,
  stored: ProviderVersionWithPackages | null,
  incoming: IncomingRelease,
): void {
  if (!stored) return;
  const { protocols, publisherKeyArmor, signedBy, shasums, docsDigest } = stored.version;
  if (incoming.protocols && !sameSet(incoming.protocols, protocols)) {
    throw new ProviderReleaseDiffers('protocols', version);
  }
  if (publisherKeyArmor && incoming.publisherKeyArmor && incoming.publisherKeyArmor !== publisherKeyArmor) {
    throw new ProviderReleaseDiffers('gpg_public_key', version);
  }
  const sent = incoming.sums?.text ?? incoming.unsignedShasums;
  if (signedBy === 'publisher' && sent !== undefined && sent !== shasums) {
    throw new ProviderReleaseDiffers('shasums_file', version);
  }
  if (docsDigest !== null && incoming.docsDigest !== undefined && incoming.docsDigest !== docsDigest) {
    throw new ProviderReleaseDiffers('docs_file', version);
  }
}

function chooseSigning(
  version: string,
  stored: ProviderVersionWithPackages | null,
  incoming: IncomingRelease,
  kept: readonly ProviderPackage[],
): ReleasePlan['signing'] {
  if (stored?.version.signedBy === 'publisher') {
    const listed = Shasums.parse(stored.version.shasums).entries;
    for (const { filename, digest } of incoming.packages) {
      if (listed.get(filename) !== digest) throw new ProviderReleaseClosed(filename, version);
    }
    const { shasums: text, signature, signingKeyFingerprint, signingKeyArmor } = stored.version;
    const sums = { text, signature, keyFingerprint: signingKeyFingerprint, keyArmor: signingKeyArmor };
    return { kind: 'publisher', sums };
  }
  const all = [...kept, ...incoming.packages];
  if (incoming.sums) {
    const listed = Shasums.parse(incoming.sums.text).entries;
    for (const { filename, digest } of all) assertListed(listed, filename, digest);
    return { kind: 'publisher', sums: incoming.sums };
  }
  if (incoming.unsignedShasums !== undefined) {
    const listed = Shasums.parse(incoming.unsignedShasums).entries;
    for (const { filename, digest } of incoming.packages) assertListed(listed, filename, digest);
  }
  return {
    kind: 'registry',
    shasums: Shasums.format(all.map(({ filename, digest }) => [filename, digest] as const)),
  };
}

/** Demands that a checksum document lists `filename` with `digest`. */
function assertListed(listed: ReadonlyMap<string, string>, filename: string, digest: string): void {
  const line = listed.get(filename);
  if (line === undefined) throw new InvalidReleaseChecksums(`shasums_file has no line for ${filename}`);
  if (line !== digest) {
    throw new InvalidReleaseChecksums(
      `shasums_file lists ${filename} as ${line}, but the uploaded file has ${digest}`,
    );
  }
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((entry) => b.includes(entry));
}
