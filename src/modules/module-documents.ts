import { Injectable } from '@nestjs/common';
import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import { isDownloadable } from '../kernel/terraform/version-standing.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import { artifactLink, type PreparedDocument } from '../platform/documents/prepared-document.js';
import { ProtocolDocuments } from '../platform/documents/protocol-documents.service.js';
import { ArtifactKey } from '../storage/artifact-key.js';
import type { ModuleVersion, ModuleVersionSummary } from './domain/module-version.js';
import { ModuleQuarantine } from './module-quarantine.js';
import { ModuleSearchEntry } from './module-search-entry.js';
import { ModulesRepository } from './persistence/modules.repository.js';

/**
 * Builds the lean protocol documents of a module: the version list and one download document for each
 * version (REST contract 6.1). They are stored in the transaction that changes the module, so a reader
 * never sees one without the other; what the change means for the files is settled with them.
 */
@Injectable()
export class ModuleDocuments {
  constructor(
    private readonly documents: ProtocolDocuments,
    private readonly modules: ModulesRepository,
    private readonly quarantine: ModuleQuarantine,
    private readonly search: ModuleSearchEntry,
  ) {}

  /** Rebuilds the version list and the download documents of `changed`. Inside the caller's transaction. */
  async rebuild(
    moduleId: string,
    address: ModuleAddress,
    grant: PublishGrant,
    changed: readonly ModuleVersion[],
  ): Promise<void> {
    const versions = await this.modules.listVersionSummaries(moduleId);
    const put = [versionList(address, grant, versions)];
    const remove: string[] = [];
    for (const version of changed) {
      if (version.artifactId === null || !isDownloadable(version))
        remove.push(downloadPath(address, version));
      else put.push(download(address, grant, version));
    }
    await this.quarantine.settle(changed);
    await this.documents.change(subjectOf(address), { put, remove });
    await this.search.refresh(moduleId);
  }

  /** Takes every document of a deleted module with these versions away. Inside the caller's transaction. */
  async removeAll(address: ModuleAddress, versions: readonly ModuleVersionSummary[]): Promise<void> {
    await this.quarantine.settle(versions);
    await this.documents.removeSubject(subjectOf(address));
    await this.search.refreshAt(address);
  }
}

function subjectOf(address: ModuleAddress): string {
  return `module:${address.toString().toLowerCase()}`;
}

function downloadPath(address: ModuleAddress, version: { version: string }): string {
  return `${address.protocolPath}/${version.version}/download`;
}

function versionList(
  address: ModuleAddress,
  grant: PublishGrant,
  versions: readonly ModuleVersionSummary[],
): PreparedDocument {
  const listed = versions
    .filter((version) => version.state === 'active')
    .map((version) => ({
      version: version.version,
      deprecation: version.deprecatedAt
        ? { reason: version.deprecationMessage ?? '', link: version.replacement ?? '' }
        : undefined,
    }));
  return {
    ...common(grant),
    path: `${address.protocolPath}/versions`,
    status: 200,
    body: JSON.stringify({ modules: [{ source: address.toString(), versions: listed }] }),
  };
}

function download(address: ModuleAddress, grant: PublishGrant, version: ModuleVersion): PreparedDocument {
  const key = ArtifactKey.module(version.digest, address, version.version);
  const folder = version.topFolder ?? undefined;
  return {
    ...common(grant),
    path: downloadPath(address, version),
    status: 204,
    body: JSON.stringify({ location: artifactLink(key.path, { folder, checksum: true }) }),
    download: {
      kind: 'module',
      targetId: version.id,
      labels: { namespace: address.namespace, system: address.system },
    },
  };
}

function common(grant: PublishGrant): Pick<PreparedDocument, 'namespace' | 'scope' | 'visibility'> {
  return { namespace: grant.namespace, scope: 'modules:read', visibility: grant.visibility };
}
