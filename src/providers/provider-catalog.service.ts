import { Injectable } from '@nestjs/common';
import { ANONYMOUS, type Principal } from '../access/principal.js';
import type { Platform } from '../kernel/terraform/platform.js';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import { Version } from '../kernel/terraform/version.js';
import { isQuarantined, isShown } from '../kernel/terraform/version-standing.js';
import { OrgAccess } from '../orgs/org-access.service.js';
import { Organizations } from '../orgs/organizations.service.js';
import { DownloadTotals } from '../usage/download-totals.service.js';
import { versionWarnings } from './domain/version-warnings.js';
import type { ProviderPackage, ProviderVersion } from './domain/provider-version.js';
import {
  ProviderNotFound,
  ProviderPlatformNotFound,
  ProviderVersionNotFound,
  ProviderVersionRefused,
} from './domain/providers.errors.js';
import type { RegistryProvider } from './domain/registry-provider.js';
import { ProviderVersionsRepository } from './persistence/provider-versions.repository.js';
import { ProvidersRepository } from './persistence/providers.repository.js';

export type CountedPackage = ProviderPackage & { readonly downloads: number };

/** A version with its packages and the number of their downloads. */
export interface CountedRelease {
  readonly version: ProviderVersion;
  readonly packages: readonly CountedPackage[];
  readonly downloads: number;
}

export interface ProviderDetail {
  readonly provider: RegistryProvider;
  readonly organizationName: string;
  /** `""` when nothing is published. */
  readonly latestVersion: string;
  readonly downloads: number;
  readonly releases: readonly CountedRelease[];
}

/** Answers what is published: version lists, details, and why a download is refused. */
@Injectable()
export class ProviderCatalog {
  constructor(
    private readonly providers: ProvidersRepository,
    private readonly versionsRepository: ProviderVersionsRepository,
    private readonly organizations: Organizations,
    private readonly downloads: DownloadTotals,
    private readonly access: OrgAccess,
  ) {}

  /**
   * Every version that `reader` may see, newest first by precedence, and the warnings clients print: withdrawn ones
   * are for everybody, quarantined ones for those who may write.
   *
   * @throws ProviderNotFound
   */
  async versions(
    address: ProviderAddress,
    reader: Principal = ANONYMOUS,
  ): Promise<{ releases: readonly CountedRelease[]; warnings: readonly string[] }> {
    const releases = await this.releasesOf(await this.getProvider(address), address, reader);
    const versions = releases.map(({ version }) => version);
    return { releases, warnings: versionWarnings(address.toString(), versions) };
  }

  /**
   * A provider with the versions that `reader` may see, their packages and download numbers.
   *
   * @throws ProviderNotFound
   */
  async detail(address: ProviderAddress, reader: Principal = ANONYMOUS): Promise<ProviderDetail> {
    const provider = await this.getProvider(address);
    const releases = await this.releasesOf(provider, address, reader);
    const candidates = releases
      .filter(({ version }) => version.state === 'active')
      .map(({ version }) => ({ version: version.version, deprecated: version.deprecatedAt !== null }));
    return {
      provider,
      organizationName: await this.organizations.nameOf(provider.organizationId),
      latestVersion: Version.latest(candidates)?.version ?? '',
      downloads: releases.reduce((sum, release) => sum + release.downloads, 0),
      releases,
    };
  }

  /**
   * Says why a platform has no download document.
   *
   * @throws ProviderNotFound, ProviderVersionNotFound, ProviderPlatformNotFound, ProviderVersionRefused
   *   always one of them
   */
  async explainMissingDownload(
    address: ProviderAddress,
    version: Version,
    platform: Platform,
  ): Promise<never> {
    const provider = await this.getProvider(address);
    const release = await this.versionsRepository.find(provider.id, version.text);
    if (!release || release.version.state === 'deleted') throw new ProviderVersionNotFound();
    const held = release.packages.find(({ os, arch }) => os === platform.os && arch === platform.arch);
    if (!held || held.artifactId === null) throw new ProviderPlatformNotFound();
    throw new ProviderVersionRefused(release.version.version, release.version.stateReason);
  }

  /**
   * The ids under which downloads of a version are recorded, one for each package; a deleted version has them while
   * it is quarantined.
   *
   * @throws ProviderNotFound, ProviderVersionNotFound
   */
  async idsForAudit(address: ProviderAddress, version: Version): Promise<string[]> {
    const release = await this.versionsRepository.findByAddress(address, version.text);
    if (release && (release.version.state !== 'deleted' || isQuarantined(release.version))) {
      return release.packages.map(({ id }) => id);
    }
    await this.getProvider(address);
    throw new ProviderVersionNotFound('Version not found');
  }

  private async getProvider(address: ProviderAddress): Promise<RegistryProvider> {
    const provider = await this.providers.findByAddress(address);
    if (!provider) throw new ProviderNotFound();
    return provider;
  }

  private async releasesOf(
    { id, organizationId }: RegistryProvider,
    { readers }: ProviderAddress,
    reader: Principal,
  ): Promise<CountedRelease[]> {
    const mayWrite = this.access.mayActInNamespace(reader, readers, organizationId, 'providers:write');
    const releases = (await this.versionsRepository.list(id)).filter(({ version }) =>
      isShown(version, { mayWrite }),
    );
    const totals = await this.downloads.totals(
      releases.flatMap(({ packages }) => packages.map((held) => held.id)),
    );
    return releases.map(({ version, packages }) => {
      const counted = packages.map((held) => ({ ...held, downloads: totals.get(held.id) ?? 0 }));
      return {
        version,
        packages: counted,
        downloads: counted.reduce((sum, held) => sum + held.downloads, 0),
      };
    });
  }
}
