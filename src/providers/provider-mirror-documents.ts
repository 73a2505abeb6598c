import { zipHash } from '../kernel/terraform/package-hash.js';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import { OWN_HOST } from '../platform/documents/own-host-paths.js';
import { artifactLink, type PreparedDocument } from '../platform/documents/prepared-document.js';
import { ArtifactKey } from '../storage/artifact-key.js';
import type { ListedRelease, ProviderVersionWithPackages } from './domain/provider-version.js';

/** Who may read the documents of a provider. */
export type DocumentReaders = Pick<PreparedDocument, 'namespace' | 'scope' | 'visibility'>;

/** The index of the network mirror (REST contract 6.3): every version that lists show. */
export function mirrorIndex(
  readers: DocumentReaders,
  address: ProviderAddress,
  releases: readonly ListedRelease[],
): PreparedDocument {
  const listed = releases.filter(({ state }) => state === 'active');
  const versions = listed.map(({ version }) => `${JSON.stringify(version)}:{}`).join(',');
  const body = `{"versions":{${versions}}}`;
  return { ...readers, path: mirrorIndexPath(address), status: 200, body };
}

/** The archives of one version; every platform that is held, with both hashes that clients know. */
export function mirrorVersion(
  readers: DocumentReaders,
  address: ProviderAddress,
  { version, packages }: ProviderVersionWithPackages,
): PreparedDocument {
  const held = packages.filter(({ artifactId }) => artifactId !== null);
  const archives = Object.fromEntries(
    held.map(({ os, arch, digest, filename, h1 }) => {
      const url = artifactLink(ArtifactKey.providerPackage(digest, filename).path, { isMirror: true });
      return [`${os}_${arch}`, { url, hashes: [h1, zipHash(digest)] }];
    }),
  );
  const path = mirrorVersionPath(address, version.version);
  return { ...readers, path, status: 200, body: JSON.stringify({ archives }) };
}

/** Where the versions of a provider are listed. */
export function mirrorIndexPath(address: ProviderAddress): string {
  return pathOf(address, 'index');
}

/** Where the archives of a version are described. */
export function mirrorVersionPath(address: ProviderAddress, version: string): string {
  return pathOf(address, version);
}

function pathOf(address: ProviderAddress, name: string): string {
  const { host } = address;
  return `/terraform/providers/${host === '' ? OWN_HOST : host}/${address.toString()}/${name}.json`;
}
