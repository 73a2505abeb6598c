import { Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import type { Version } from '../kernel/terraform/version.js';
import type { ListedPage } from './domain/provider-documentation.js';
import { ProviderVersionNotFound } from './domain/providers.errors.js';
import { ProviderDocumentationRepository } from './persistence/provider-documentation.repository.js';
import { type CountedRelease, ProviderCatalog, type ProviderDetail } from './provider-catalog.service.js';

/** A provider at one of its versions, with its documentation pages. */
export interface RegistryProviderDetail extends Omit<ProviderDetail, 'releases' | 'latestVersion'> {
  readonly release: CountedRelease;
  /** Whether the publisher signed the latest version; as in lists. */
  readonly isVerified: boolean;
  /** Active versions, newest first by precedence. */
  readonly versions: readonly string[];
  readonly pages: readonly ListedPage[];
}

/** Details of providers in the form of the public registry API. */
@Injectable()
export class ProviderRegistryDetails {
  constructor(
    private readonly catalog: ProviderCatalog,
    private readonly documentation: ProviderDocumentationRepository,
  ) {}

  /**
   * One version, the latest unless `version` is given. A quarantined one is absent for those who may not write here.
   *
   * @throws ProviderNotFound, ProviderVersionNotFound
   */
  async find(
    principal: Principal,
    address: ProviderAddress,
    version: Version | 'latest',
  ): Promise<RegistryProviderDetail> {
    const { releases, latestVersion, ...detail } = await this.catalog.detail(address, principal);
    const ofVersion = (text: string) => releases.find((release) => release.version.version === text);
    const latest = ofVersion(latestVersion);
    const release = version === 'latest' ? latest : ofVersion(version.text);
    if (!release) throw new ProviderVersionNotFound();
    const overview = await this.documentation.overview(release.version.id);
    const active = releases.filter((one) => one.version.state === 'active');
    return {
      ...detail,
      release,
      isVerified: latest?.version.signedBy === 'publisher',
      versions: active.map((one) => one.version.version),
      pages: overview?.pages ?? [],
    };
  }
}
