import type { MirroredOrigin, MirroredRelease } from '../../providers/provider-ingest.service.js';
import type { Mirror } from '../domain/mirror.js';
import type { ProviderName } from '../domain/name-filter.js';
import type { FetchedPackage } from '../fetching/package-fetcher.service.js';

/** Verified packages of one version, at least one, in the form in which they are stored. */
export function mirroredRelease(version: string, packages: readonly FetchedPackage[]): MirroredRelease {
  const { protocols, release } = packages[0]!;
  const { key, shasums, signature } = release;
  return {
    version,
    protocols,
    packages: packages.map(({ path, platform, filename, digest, h1, sizeBytes }) => {
      const { os, arch } = platform;
      return { os, arch, path, filename, digest, h1, sizeBytes };
    }),
    sums: {
      text: shasums.toString('utf8'),
      signature,
      keyFingerprint: key.fingerprint,
      keyArmor: key.armor,
    },
  };
}

/** Where a provider of a mirror comes from, and for whom it is here. */
export function mirroredOrigin(mirror: Mirror, { namespace, type }: ProviderName): MirroredOrigin {
  const { createdAt: since, createdBy: userId, name, organizationId, upstreamHost: host } = mirror;
  return { host, namespace, type, organizationId, since, actor: { userId, name: `mirror ${name}` } };
}
