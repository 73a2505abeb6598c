import { Injectable } from '@nestjs/common';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import { MirroredClaims } from '../orgs/mirrored-claims.service.js';
import { Namespaces } from '../orgs/namespaces.service.js';
import { ProviderDocuments } from './provider-documents.js';
import { ProvidersRepository } from './persistence/providers.repository.js';

const NOBODY = { userId: null, name: null };

/**
 * Which of several upstreams a name means: that of the oldest mirror. Everything here belongs into a transaction that
 * holds `ProvidersRepository.lockName`.
 */
@Injectable()
export class MirroredOrder {
  constructor(
    private readonly namespaces: Namespaces,
    private readonly mirrored: MirroredClaims,
    private readonly providers: ProvidersRepository,
    private readonly documents: ProviderDocuments,
  ) {}

  /** The oldest mirrored provider went away: the next one of this name takes its place. */
  async renewOldest(name: ProviderAddress): Promise<void> {
    const host = await this.mirrored.oldestHost(name);
    if (host !== undefined) await this.renew(name.from(host));
  }

  /** Makes every document of a mirrored provider anew: its name means it from now on, or no longer does. */
  async renew(address: ProviderAddress): Promise<void> {
    const grant = await this.namespaces.grantOnMirrored(address, NOBODY);
    const provider = await this.providers.lockByAddress(address);
    if (grant === undefined || provider === null || provider.deletedAt !== null) return;
    await this.documents.renew(provider.id, address, grant);
  }
}
