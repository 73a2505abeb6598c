import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import { isDownloadable } from '../kernel/terraform/version-standing.js';
import type { PreparedDocument } from '../platform/documents/prepared-document.js';
import { ProtocolDocuments } from '../platform/documents/protocol-documents.service.js';
import { JobQueue } from '../platform/jobs/job-queue.js';
import {
  type DocumentReaders,
  mirrorIndex,
  mirrorVersion,
  mirrorVersionPath,
} from './provider-mirror-documents.js';
import { download, downloadPath, versionList } from './provider-registry-documents.js';
import { ProviderSearchEntry } from './provider-search-entry.js';
import { ProviderQuarantine } from './provider-quarantine.js';
import { ProviderVersionsRepository } from './persistence/provider-versions.repository.js';
import { ProvidersRepository } from './persistence/providers.repository.js';

/** The job that makes lists which were postponed; its payload is a `MirroredAddress`. */
export const LIST_PROVIDER_JOB = 'list-provider';

/** The readers of a provider, as its claim has them. */
type DocumentOwner = Pick<DocumentReaders, 'namespace' | 'visibility'>;

/** Whether anything of a provider is offered, and whether `namespace/type` without a host means it. */
interface Offer {
  readonly isOffered: boolean;
  readonly isMeant: boolean;
}

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
    private readonly queue: JobQueue,
  ) {}

  /**
   * Rebuilds the lists and every document of version `changed`, because each of them names all platforms of its version.
   * Inside the caller's transaction, with the provider locked.
   */
  async rebuild(
    providerId: string,
    address: ProviderAddress,
    owner: DocumentOwner,
    changed: string,
  ): Promise<void> {
    await this.quarantine.settle(address.type, [changed]);
    const offer = await this.offer(providerId, address);
    if (offer.isOffered) {
      const lists = await this.lists(providerId, address, owner, offer);
      await this.change(address, await this.ofVersion(providerId, address, owner, changed, offer), lists);
    }
    await this.search.refresh(providerId);
  }

  /**
   * The same for a version that is one of many: clients can have it at once, and lists show it within `listWithinMs`, when
   * somebody settles them with `PostponedLists`, or when they are rebuilt for another reason.
   */
  async add(
    providerId: string,
    address: ProviderAddress,
    owner: DocumentOwner,
    { added, listWithinMs }: { readonly added: string; readonly listWithinMs: number },
  ): Promise<void> {
    if (listWithinMs === 0) return this.rebuild(providerId, address, owner, added);
    await this.quarantine.settle(address.type, [added]);
    const offer = await this.offer(providerId, address);
    if (offer.isOffered)
      await this.change(address, await this.ofVersion(providerId, address, owner, added, offer));
    const { host, namespace, type } = address;
    const runAt = new Date(Date.now() + listWithinMs);
    const key = postponedListKey(address);
    await this.queue.enqueue(LIST_PROVIDER_JOB, { host, namespace, type }, { key, runAt });
  }

  /** Rebuilds what lists every version. Inside the caller's transaction, with the provider locked. */
  async rebuildLists(providerId: string, address: ProviderAddress, owner: DocumentOwner): Promise<void> {
    const offer = await this.offer(providerId, address);
    if (offer.isOffered)
      await this.change(address, { put: await this.lists(providerId, address, owner, offer), remove: [] });
    await this.search.refresh(providerId);
  }

  /**
   * Makes every document of a provider anew; `changed` are the versions whose files are to be settled. Inside the caller's
   * transaction, with the provider locked.
   */
  async renew(
    providerId: string,
    address: ProviderAddress,
    owner: DocumentOwner,
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

  private async lists(
    providerId: string,
    address: ProviderAddress,
    owner: DocumentOwner,
    { isMeant }: Offer,
  ): Promise<PreparedDocument[]> {
    const readers = readersOf(owner);
    const listed = await this.versions.listed(providerId);
    // Rows of thousands of versions were read at once: readers have their turn before lists are made of them.
    await nextTurn();
    const index = mirrorIndex(readers, address, listed);
    return isMeant ? [index, versionList(address, readers, listed)] : [index];
  }

  private async ofVersion(
    providerId: string,
    address: ProviderAddress,
    owner: DocumentOwner,
    changed: string,
    { isMeant }: Offer,
  ): Promise<{ put: PreparedDocument[]; remove: string[] }> {
    const readers = readersOf(owner);
    const put: PreparedDocument[] = [];
    const remove: string[] = [];
    const release = await this.versions.find(providerId, changed);
    if (release && isDownloadable(release.version)) put.push(mirrorVersion(readers, address, release));
    else remove.push(mirrorVersionPath(address, changed));
    for (const held of isMeant ? (release?.packages ?? []) : []) {
      const { version } = release!;
      if (isDownloadable(version) && held.artifactId !== null)
        put.push(download(address, readers, release!, held));
      else remove.push(downloadPath(address, version, held));
    }
    return { put, remove };
  }

  private async change(
    address: ProviderAddress,
    { put, remove }: { put: readonly PreparedDocument[]; remove: readonly string[] },
    lists: readonly PreparedDocument[] = [],
  ): Promise<void> {
    // Mirrors bring thousands of documents, of which a few are asked for.
    const isBulk = address.host !== '';
    await this.documents.change(subjectOf(address), { put: [...put, ...lists], remove, isBulk });
  }

  private async offer(id: string, { host }: ProviderAddress): Promise<Offer> {
    return host === '' ? { isOffered: true, isMeant: true } : this.providers.offer(id);
  }
}

/** Of one provider at most one job waits. */
export function postponedListKey({
  host,
  namespace,
  type,
}: Pick<ProviderAddress, 'host' | 'namespace' | 'type'>): string {
  return `${LIST_PROVIDER_JOB}:${host}/${namespace}/${type}`;
}

function subjectOf(address: ProviderAddress): string {
  return `provider:${address.host === '' ? address.toString() : address.readers}`;
}

function readersOf({ namespace, visibility }: DocumentOwner): DocumentReaders {
  return { namespace, scope: 'providers:read', visibility };
}
