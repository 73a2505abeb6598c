import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { sha256Hex } from '../kernel/sha256.js';
import { zipHash } from '../kernel/terraform/package-hash.js';
import { Platform } from '../kernel/terraform/platform.js';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import { isDownloadable } from '../kernel/terraform/version-standing.js';
import { artifactLink, type PreparedDocument } from '../platform/documents/prepared-document.js';
import { ProtocolDocuments } from '../platform/documents/protocol-documents.service.js';
import { ArtifactKey } from '../storage/artifact-key.js';
import { versionWarnings } from './domain/version-warnings.js';
import type {
  ListedRelease,
  ProviderPackage,
  ProviderVersion,
  ProviderVersionWithPackages,
} from './domain/provider-version.js';
import {
  type DocumentReaders,
  mirrorIndex,
  mirrorVersion,
  mirrorVersionPath,
} from './provider-mirror-documents.js';
import { ProviderSearchEntry } from './provider-search-entry.js';
import { ProviderQuarantine } from './provider-quarantine.js';
import { ProviderVersionsRepository } from './persistence/provider-versions.repository.js';
import { ProvidersRepository } from './persistence/providers.repository.js';

/**
 * Builds the lean protocol documents of a provider: the version list and one download document for each
 * platform of each version (REST contract 6.2), and the two documents of the network mirror (6.3). They are stored
 * in the transaction that changes the provider, so a reader never sees one without the other; what the change means
 * for the files is settled with them. A mirrored provider has the documents of the network mirror under the host of its
 * upstream, and the others when its name means it; one that is held back has none.
 */
@Injectable()
export class ProviderDocuments {
  constructor(
    private readonly documents: ProtocolDocuments,
    private readonly versions: ProviderVersionsRepository,
    private readonly quarantine: ProviderQuarantine,
    private readonly search: ProviderSearchEntry,
    private readonly providers: ProvidersRepository,
  ) {}

  /**
   * Rebuilds the version list and every download document of version `changed`, because each of them
   * names all platforms of its version. Inside the caller's transaction.
   */
  async rebuild(
    providerId: string,
    address: ProviderAddress,
    owner: Pick<DocumentReaders, 'namespace' | 'visibility'>,
    changed: string,
  ): Promise<void> {
    const readers = readersOf(owner);
    const { isOffered, isMeant } = await this.offer(providerId, address);
    await this.quarantine.settle(address.type, [changed]);
    if (isOffered) {
      const listed = await this.versions.listed(providerId);
      // Rows of thousands of versions were read at once: readers have their turn before lists are made of them.
      await nextTurn();
      const put = [mirrorIndex(readers, address, listed)];
      const remove: string[] = [];
      const release = await this.versions.find(providerId, changed);
      if (release && isDownloadable(release.version)) put.push(mirrorVersion(readers, address, release));
      else remove.push(mirrorVersionPath(address, changed));
      if (isMeant) {
        put.push(versionList(address, readers, listed));
        for (const held of release?.packages ?? []) {
          const { version } = release!;
          if (isDownloadable(version) && held.artifactId !== null)
            put.push(download(address, readers, release!, held));
          else remove.push(downloadPath(address, version, held));
        }
      }
      // Mirrors bring thousands of documents, of which a few are asked for.
      await this.documents.change(subjectOf(address), { put, remove, isBulk: address.host !== '' });
    }
    await this.search.refresh(providerId);
  }

  /**
   * Makes every document of a provider anew; `changed` are the versions whose files are to be settled. Inside the caller's
   * transaction, with the provider locked.
   */
  async renew(
    providerId: string,
    address: ProviderAddress,
    owner: Pick<DocumentReaders, 'namespace' | 'visibility'>,
    changed: readonly string[] = [],
  ): Promise<void> {
    const readers = readersOf(owner);
    const { isOffered, isMeant } = await this.offer(providerId, address);
    const releases = isOffered ? await this.versions.list(providerId) : [];
    const offered = releases.filter(({ version }) => isDownloadable(version));
    const documents = offered.map((release) => mirrorVersion(readers, address, release));
    const listed = isOffered ? await this.versions.listed(providerId) : [];
    if (isOffered) documents.push(mirrorIndex(readers, address, listed));
    if (isOffered && isMeant) {
      documents.push(versionList(address, readers, listed));
      for (const release of offered) {
        documents.push(...release.packages.map((held) => download(address, readers, release, held)));
      }
    }
    if (changed.length > 0) await this.quarantine.settle(address.type, changed);
    await this.documents.replace(subjectOf(address), documents);
    await this.search.refresh(providerId);
  }

  /** Stores the documents of the network mirror alone. Inside the caller's transaction, with the provider locked. */
  async prepareMirror(providerId: string, address: ProviderAddress, readers: DocumentReaders): Promise<void> {
    const releases = await this.versions.list(providerId);
    const offered = releases.filter(({ version }) => isDownloadable(version));
    const put = [
      mirrorIndex(readers, address, await this.versions.listed(providerId)),
      ...offered.map((release) => mirrorVersion(readers, address, release)),
    ];
    await this.documents.change(subjectOf(address), { put });
  }

  /** Takes every document of a deleted provider with these versions away. Inside the caller's transaction. */
  async removeAll(address: ProviderAddress, versions: readonly string[]): Promise<void> {
    await this.quarantine.settle(address.type, versions);
    await this.documents.removeSubject(subjectOf(address));
    await this.search.refreshAt(address);
  }

  private async offer(
    id: string,
    { host }: ProviderAddress,
  ): Promise<{ isOffered: boolean; isMeant: boolean }> {
    return host === '' ? { isOffered: true, isMeant: true } : this.providers.offer(id);
  }
}

function subjectOf(address: ProviderAddress): string {
  return `provider:${address.host === '' ? address.toString() : address.readers}`;
}

function downloadPath(address: ProviderAddress, version: ProviderVersion, held: ProviderPackage): string {
  return `${address.protocolPath}/${version.version}/download/${held.os}/${held.arch}`;
}

function listedPlatform(key: string): Pick<Platform, 'os' | 'arch'> {
  const { os, arch } = Platform.parseKey(key);
  return { os, arch };
}

function versionList(
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

function download(
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

function readersOf({
  namespace,
  visibility,
}: Pick<DocumentReaders, 'namespace' | 'visibility'>): DocumentReaders {
  return { namespace, scope: 'providers:read', visibility };
}
