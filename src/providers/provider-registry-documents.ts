import { sha256Hex } from '../kernel/sha256.js';
import { zipHash } from '../kernel/terraform/package-hash.js';
import { Platform } from '../kernel/terraform/platform.js';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import { artifactLink, type PreparedDocument } from '../platform/documents/prepared-document.js';
import { ArtifactKey } from '../storage/artifact-key.js';
import type {
  ListedRelease,
  ProviderPackage,
  ProviderVersion,
  ProviderVersionWithPackages,
} from './domain/provider-version.js';
import { versionWarnings } from './domain/version-warnings.js';
import type { DocumentReaders } from './provider-mirror-documents.js';

/** Where the package of a platform is described. */
export function downloadPath(
  address: ProviderAddress,
  version: ProviderVersion,
  held: ProviderPackage,
): string {
  return `${address.protocolPath}/${version.version}/download/${held.os}/${held.arch}`;
}

function listedPlatform(key: string): Pick<Platform, 'os' | 'arch'> {
  const { os, arch } = Platform.parseKey(key);
  return { os, arch };
}

/** Every version that lists show, with its platforms, and what clients are to be warned of (REST contract 6.2). */
export function versionList(
  address: ProviderAddress,
  readers: DocumentReaders,
  releases: readonly ListedRelease[],
): PreparedDocument {
  const warnings = versionWarnings(address.toString(), releases);
  // Nearly all versions share what follows their number; a list of thousands is put together without objects of its own.
  const written = new Map<readonly string[], string>();
  const platformsOf = (keys: readonly string[]): string => {
    const text = written.get(keys) ?? JSON.stringify(keys.map(listedPlatform));
    written.set(keys, text);
    return text;
  };
  const versions = releases
    .filter(({ state }) => state === 'active')
    .map(({ version, protocols, platforms }) => {
      const named = `{"version":${JSON.stringify(version)},"protocols":${JSON.stringify(protocols)}`;
      return `${named},"platforms":${platformsOf(platforms)}}`;
    });
  const more = warnings.length > 0 ? `,"warnings":${JSON.stringify(warnings)}` : '';
  return {
    ...readers,
    path: `${address.protocolPath}/versions`,
    status: 200,
    body: `{"versions":[${versions.join(',')}]${more}}`,
  };
}

/** The package of a platform, with the signed checksums that it is verified by (REST contract 6.2). */
export function download(
  address: ProviderAddress,
  readers: DocumentReaders,
  { version, packages }: ProviderVersionWithPackages,
  held: ProviderPackage,
): PreparedDocument {
  const { os, arch, filename, digest } = held;
  const sumsDigest = sha256Hex(version.shasums);
  const sums = ArtifactKey.shasums(sumsDigest, address.type, version.version);
  const signature = ArtifactKey.shasumsSignature(sha256Hex(version.signature), address.type, version.version);
  const body = {
    protocols: version.protocols,
    os,
    arch,
    filename,
    download_url: artifactLink(ArtifactKey.providerPackage(digest, filename).path),
    shasums_url: artifactLink(sums.path),
    shasums_signature_url: artifactLink(signature.path),
    shasum: digest,
    signing_keys: { gpg_public_keys: [signingKey(version)] },
    packages: packageHashes(packages),
  };
  return {
    ...readers,
    path: downloadPath(address, version, held),
    status: 200,
    body: JSON.stringify(body),
    download: {
      kind: 'provider',
      targetId: held.id,
      labels: { namespace: address.namespace, type: address.type, os, arch },
    },
  };
}

/** A v4 key id is the end of the fingerprint. `trust_signature` must be there and empty. */
function signingKey(version: ProviderVersion): Record<string, string> {
  return {
    key_id: version.signingKeyFingerprint.slice(-16),
    ascii_armor: version.signingKeyArmor,
    trust_signature: '',
    source: '',
    source_url: '',
  };
}

function packageHashes(
  packages: readonly ProviderPackage[],
): Record<string, { hashes: string[]; package_size: number }> {
  const live = packages.filter((held) => held.artifactId !== null);
  return Object.fromEntries(
    live.map((held) => [
      `${held.os}_${held.arch}`,
      { hashes: [zipHash(held.digest), held.h1], package_size: held.sizeBytes },
    ]),
  );
}
