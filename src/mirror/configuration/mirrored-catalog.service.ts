import { Injectable } from '@nestjs/common';
import { MirroredProviders, type HeldMirroredPackage } from '../../providers/mirrored-providers.service.js';
import type { Mirror } from '../domain/mirror.js';
import { compareUpstreamVersions, parseUpstreamVersion } from '../domain/upstream-version.js';
import {
  MirroredCatalogRepository,
  type BroughtProvider,
  type BroughtVersion,
} from '../persistence/mirrored-catalog.repository.js';

/** A provider that a mirror brought here, with what is here of it now. */
export interface BroughtProviderReport {
  readonly provider: BroughtProvider;
  /** Newest first. */
  readonly versions: readonly {
    readonly version: BroughtVersion;
    readonly packages: readonly HeldMirroredPackage[];
  }[];
}

/** Shows what mirrors brought here (REST contract, section 20). */
@Injectable()
export class MirroredCatalog {
  constructor(
    private readonly catalog: MirroredCatalogRepository,
    private readonly providers: MirroredProviders,
  ) {}

  /** Everything that a mirror brought here and that is not deleted, by name. */
  async list({ id }: Pick<Mirror, 'id'>): Promise<BroughtProviderReport[]> {
    const reports: BroughtProviderReport[] = [];
    for (const provider of await this.catalog.providers(id)) reports.push(await this.report(provider));
    return reports;
  }

  private async report(provider: BroughtProvider): Promise<BroughtProviderReport> {
    const { upstreamHost: host, namespace, providerType: type } = provider;
    const held = await this.providers.held({ host, namespace, type });
    const packages = Map.groupBy(held, ({ versionId }) => versionId);
    const versions = (await this.catalog.versions(provider.id)).flatMap((version) => {
      const here = packages.get(version.providerVersionId);
      return here === undefined ? [] : [{ version, packages: here }];
    });
    return { provider, versions: versions.sort((left, right) => newestFirst(left.version, right.version)) };
  }
}

function newestFirst(left: BroughtVersion, right: BroughtVersion): number {
  const [one, other] = [left, right].map(({ upstreamVersion }) => parseUpstreamVersion(upstreamVersion));
  if (one === undefined || other === undefined) return one === other ? 0 : one === undefined ? 1 : -1;
  return compareUpstreamVersions(other, one);
}
