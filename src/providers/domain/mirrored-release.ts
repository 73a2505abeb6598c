import { Shasums } from '../../kernel/terraform/shasums.js';
import { isQuarantined } from '../../kernel/terraform/version-standing.js';
import type { IncomingPackage, PublisherSums, ReleasePlan } from './provider-release.js';
import type { ProviderVersionWithPackages } from './provider-version.js';
import {
  InvalidReleaseChecksums,
  ProviderReleaseDiffers,
  ProviderVersionQuarantined,
} from './providers.errors.js';

/** What a mirror brings of one version, all of it verified. */
export interface IncomingMirroredRelease {
  readonly packages: readonly IncomingPackage[];
  readonly protocols: readonly string[];
  readonly sums: PublisherSums;
}

/**
 * Decides what a mirror makes of a version: it adds platforms, and a checksum document that lists more than the stored
 * one takes its place. `undefined` when everything is here. What was here once comes back with the same bytes only,
 * whatever the settings of publishing are.
 *
 * @throws InvalidReleaseChecksums, ProviderReleaseDiffers, ProviderVersionQuarantined
 */
export function planMirroredRelease(
  version: string,
  existing: ProviderVersionWithPackages | null,
  { packages, protocols, sums }: IncomingMirroredRelease,
): ReleasePlan | undefined {
  const listed = Shasums.parse(sums.text).entries;
  for (const { filename, digest } of packages) {
    if (listed.get(filename) !== digest) {
      throw new InvalidReleaseChecksums(`the document does not list ${filename} with the digest ${digest}`);
    }
  }
  if (existing) assertSameContent(version, existing, packages, listed);
  if (existing && !isSameSet(existing.version.protocols, protocols)) {
    throw new ProviderReleaseDiffers('protocols', version);
  }
  const added = packages.filter((one) => findHeld(existing, one)?.artifactId == null);
  if (existing && added.length === 0) return undefined;
  if (existing && isQuarantined(existing.version)) throw new ProviderVersionQuarantined(version);
  return {
    protocols: [...protocols],
    publisherKeyArmor: null,
    docs: docsOf(existing),
    added,
    signing: {
      kind: 'publisher',
      sums: existing?.version.shasums === sums.text ? storedSums(existing) : sums,
    },
    isOtherContent: false,
  };
}

/** Everything that was listed or held before is the same now. */
function assertSameContent(
  version: string,
  existing: ProviderVersionWithPackages,
  packages: readonly IncomingPackage[],
  listed: ReadonlyMap<string, string>,
): void {
  for (const [filename, digest] of Shasums.parse(existing.version.shasums).entries) {
    if (listed.get(filename) !== digest) throw new ProviderReleaseDiffers('shasums_file', version);
  }
  for (const one of packages) {
    const held = findHeld(existing, one);
    if (held && (held.digest !== one.digest || held.filename !== one.filename)) {
      throw new ProviderReleaseDiffers('package', version);
    }
  }
}

function findHeld(existing: ProviderVersionWithPackages | null, { os, arch }: IncomingPackage) {
  return existing?.packages.find((held) => held.os === os && held.arch === arch);
}

/** Both signatures are good; the stored one stays, so that its document does. */
function storedSums({ version }: ProviderVersionWithPackages): PublisherSums {
  const { shasums: text, signature, signingKeyFingerprint, signingKeyArmor } = version;
  return { text, signature, keyFingerprint: signingKeyFingerprint, keyArmor: signingKeyArmor };
}

function docsOf(existing: ProviderVersionWithPackages | null): ReleasePlan['docs'] {
  const { docsArtifactId = null, docsDigest = null } = existing?.version ?? {};
  return docsArtifactId === null || docsDigest === null
    ? null
    : { artifactId: docsArtifactId, digest: docsDigest };
}

function isSameSet(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((entry) => right.includes(entry));
}
