import { Injectable } from '@nestjs/common';
import { DataSource, IsNull, MoreThan } from 'typeorm';
import type { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { RegistryProvider } from '../domain/registry-provider.js';
import { RegistryProviderEntity } from './registry-provider.entity.js';

/** Providers by address. Joins the ambient transaction. */
@Injectable()
export class ProvidersRepository extends BaseRepository<RegistryProviderEntity> {
  constructor(dataSource: DataSource) {
    super(RegistryProviderEntity, dataSource);
  }

  /** The provider of this address, unless it is deleted. */
  findByAddress({ namespace, type }: ProviderAddress): Promise<RegistryProvider | null> {
    return this.repository.findOneBy({ namespace, type, deletedAt: IsNull() });
  }

  /** The provider of this address, deleted or not, locked until the transaction ends. */
  lockByAddress({ namespace, type }: ProviderAddress): Promise<RegistryProvider | null> {
    return this.repository.findOne({ where: { namespace, type }, lock: { mode: 'pessimistic_write' } });
  }

  /** Providers that are not deleted, in the order of their ids. */
  listAfter(id: string | undefined, limit: number): Promise<RegistryProvider[]> {
    const where = { deletedAt: IsNull(), ...(id !== undefined && { id: MoreThan(id) }) };
    return this.repository.find({ where, order: { id: 'ASC' }, take: limit });
  }

  /** The provider row, deleted or not, locked until the transaction ends; made from `defaults` when missing. */
  async lockOrCreate(
    { namespace, type }: ProviderAddress,
    defaults: Pick<
      RegistryProvider,
      'organizationId' | 'description' | 'source' | 'createdBy' | 'createdByName'
    >,
  ): Promise<RegistryProvider> {
    await this.manager
      .createQueryBuilder()
      .insert()
      .into(RegistryProviderEntity)
      .values({ namespace, type, ...defaults })
      .orIgnore()
      .execute();
    return this.repository.findOneOrFail({ where: { namespace, type }, lock: { mode: 'pessimistic_write' } });
  }

  /** Locks the provider row, so that changes of one provider happen one after the other. */
  async lock(providerId: string): Promise<void> {
    await this.repository.findOne({
      where: { id: providerId },
      select: { id: true },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /** Changes what people say about a provider, or marks it deleted or present again. */
  async update(
    providerId: string,
    change: Partial<Pick<RegistryProvider, 'description' | 'source' | 'deletedAt'>>,
  ): Promise<void> {
    await this.repository.update({ id: providerId }, change);
  }

  /** Whether an organization owns a provider that is not deleted. */
  isOwner(organizationId: string): Promise<boolean> {
    return this.repository.existsBy({ organizationId, deletedAt: IsNull() });
  }

  /** Whether a provider, deleted or not, stands in the namespace, which is given in its folded form. */
  isNamespaceUsed(folded: string): Promise<boolean> {
    return this.repository
      .createQueryBuilder('provider')
      .where(`lower(replace(provider.namespace, '_', '-')) = :folded`, { folded })
      .getExists();
  }

  /** Gives every provider of the namespace, deleted or not, to an organization. */
  async moveNamespace(folded: string, organizationId: string): Promise<void> {
    await this.repository
      .createQueryBuilder()
      .update()
      .set({ organizationId })
      .where(`lower(replace(namespace, '_', '-')) = :folded`, { folded })
      .execute();
  }
}
