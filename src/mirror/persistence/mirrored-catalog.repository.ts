import { Injectable } from '@nestjs/common';
import { DataSource, IsNull, Not } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { MirroredAddress } from '../../providers/mirrored-providers.service.js';
import { MirroredProviderEntity } from './mirrored-provider.entity.js';
import { MirroredVersionEntity } from './mirrored-version.entity.js';

/** A provider that a mirror brought here. */
export type BroughtProvider = MirroredProviderEntity & { readonly providerId: string };

/** A version of it. */
export type BroughtVersion = MirroredVersionEntity & { readonly providerVersionId: string };

/** What mirrors brought here, for readers, and what becomes of it without its mirror. Joins the ambient transaction. */
@Injectable()
export class MirroredCatalogRepository extends BaseRepository<MirroredProviderEntity> {
  constructor(dataSource: DataSource) {
    super(MirroredProviderEntity, dataSource);
  }

  /** The providers of a mirror of which something is here, by name. */
  async providers(mirrorId: string): Promise<BroughtProvider[]> {
    const rows = await this.repository.find({
      where: { mirrorId },
      order: { namespace: 'ASC', providerType: 'ASC', id: 'ASC' },
    });
    return rows.filter((row): row is BroughtProvider => row.providerId !== null);
  }

  /** The versions of one of them that are here, in no order. */
  async versions(mirroredProviderId: string): Promise<BroughtVersion[]> {
    const rows = await this.manager.getRepository(MirroredVersionEntity).findBy({ mirroredProviderId });
    return rows.filter((row): row is BroughtVersion => row.providerVersionId !== null);
  }

  /** Whether a mirror has this provider. */
  isBrought({ host, namespace, type }: MirroredAddress): Promise<boolean> {
    const address = { upstreamHost: host, namespace, providerType: type };
    return this.repository.existsBy({ ...address, mirrorId: Not(IsNull()) });
  }

  /** Forgets what mirrors that are gone knew of a provider. */
  async forget({ host, namespace, type }: MirroredAddress): Promise<void> {
    const address = { upstreamHost: host, namespace, providerType: type };
    await this.repository.delete({ ...address, mirrorId: IsNull() });
  }
}
