import { Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import type { Version } from '../kernel/terraform/version.js';
import { isShown } from '../kernel/terraform/version-standing.js';
import { OrgAccess } from '../orgs/org-access.service.js';
import type {
  DocumentationOverview,
  DocumentationPage,
  PageAddress,
} from './domain/provider-documentation.js';
import {
  ProviderDocumentationNotFound,
  ProviderNotFound,
  ProviderPageNotFound,
  ProviderVersionNotFound,
} from './domain/providers.errors.js';
import { ProviderDocumentationRepository } from './persistence/provider-documentation.repository.js';
import { ProviderVersionsRepository } from './persistence/provider-versions.repository.js';
import { ProvidersRepository } from './persistence/providers.repository.js';

/** Reads the documentation of provider versions (REST contract 30.6). */
@Injectable()
export class ProviderPages {
  constructor(
    private readonly providers: ProvidersRepository,
    private readonly versions: ProviderVersionsRepository,
    private readonly documentation: ProviderDocumentationRepository,
    private readonly access: OrgAccess,
  ) {}

  /**
   * The pages of a version and what became of its archive.
   *
   * @throws ProviderNotFound, ProviderVersionNotFound, ProviderDocumentationNotFound
   */
  async overview(
    principal: Principal,
    address: ProviderAddress,
    version: Version,
  ): Promise<DocumentationOverview> {
    const overview = await this.documentation.overview(await this.idOf(principal, address, version));
    if (!overview) throw new ProviderDocumentationNotFound();
    return overview;
  }

  /**
   * One page of a version.
   *
   * @throws ProviderNotFound, ProviderVersionNotFound, ProviderPageNotFound
   */
  async page(
    principal: Principal,
    address: ProviderAddress,
    version: Version,
    wanted: PageAddress,
  ): Promise<DocumentationPage> {
    const page = await this.documentation.page(await this.idOf(principal, address, version), wanted);
    if (!page) throw new ProviderPageNotFound();
    return page;
  }

  /** A quarantined version is absent for those who may not write here. */
  private async idOf(principal: Principal, address: ProviderAddress, { text }: Version): Promise<string> {
    const provider = await this.providers.findByAddress(address);
    if (!provider) throw new ProviderNotFound();
    const { id, organizationId } = provider;
    const release = await this.versions.find(id, text);
    const mayWrite = this.access.mayActInNamespace(
      principal,
      address.readers,
      organizationId,
      'providers:write',
    );
    if (!release || !isShown(release.version, { mayWrite })) throw new ProviderVersionNotFound();
    return release.version.id;
  }
}
