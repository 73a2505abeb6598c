import { Injectable } from '@nestjs/common';
import { DataSource, IsNull, MoreThan } from 'typeorm';
import type { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { RegistryProvider } from '../domain/registry-provider.js';
import { RegistryProviderEntity } from './registry-provider.entity.js';

/** A mirrored one is meant by its name when no other upstream has the name in an older mirror. */
const IS_MEANT = `(p.upstream_host = '' OR p.upstream_host || '/' || p.namespace || '/' || p.type = (
  SELECT c.name FROM namespace_claims c WHERE c.mirrored_address = p.namespace || '/' || p.type
  ORDER BY c.created_at, c.name LIMIT 1))`;

/** Providers by address. Joins the ambient transaction. */
@Injectable()
export class ProvidersRepository extends BaseRepository<RegistryProviderEntity> {
  constructor(dataSource: DataSource) {
    super(RegistryProviderEntity, dataSource);
  }

  /** The provider of this address, unless it is deleted or held back. */
  findByAddress(address: ProviderAddress): Promise<RegistryProvider | null> {
    return this.repository.findOneBy({ ...at(address), deletedAt: IsNull(), heldBackReason: IsNull() });
  }

  /** The provider of this address, deleted or held back or not. */
  findAny(address: ProviderAddress): Promise<RegistryProvider | null> {
    return this.repository.findOneBy(at(address));
  }

  /** The provider of this address, deleted or not, locked until the transaction ends. */
  lockByAddress(address: ProviderAddress): Promise<RegistryProvider | null> {
    return this.repository.findOne({ where: at(address), lock: { mode: 'pessimistic_write' } });
  }

  /** One at a time decides what `namespace/type` means: a provider published here, or which mirrored one. */
  async lockName(address: ProviderAddress): Promise<void> {
    await this.manager.query(`SELECT pg_advisory_xact_lock(hashtextextended('provider ' || $1, 0))`, [
      address.toString(),
    ]);
  }

  /** Whether `namespace/type` was published here, deleted or not, and whether a mirror brought it. */
  async usesOf({
    namespace,
    type,
  }: Pick<ProviderAddress, 'namespace' | 'type'>): Promise<{ isPublished: boolean; isMirrored: boolean }> {
    const rows = await this.repository.find({
      where: { namespace, type },
      select: { id: true, upstreamHost: true, deletedAt: true },
    });
    return {
      isPublished: rows.some(({ upstreamHost }) => upstreamHost === ''),
      isMirrored: rows.some(({ upstreamHost, deletedAt }) => upstreamHost !== '' && deletedAt === null),
    };
  }

  /**
   * Whether documents of a provider are offered, and whether its `namespace/type` means it: always for what is published
   * here, of several mirrored ones for the oldest.
   */
  async offer(id: string): Promise<{ isOffered: boolean; isMeant: boolean }> {
    const [row] = (await this.manager.query(
      `SELECT held_back_reason IS NULL AS "isOffered", ${IS_MEANT} AS "isMeant" FROM registry_providers p WHERE p.id = $1`,
      [id],
    )) as { isOffered: boolean; isMeant: boolean }[];
    return row ?? { isOffered: false, isMeant: false };
  }

  /** Providers published here that are not deleted, in the order of their ids. */
  listAfter(id: string | undefined, limit: number): Promise<RegistryProvider[]> {
    const where = { upstreamHost: '', deletedAt: IsNull(), ...(id !== undefined && { id: MoreThan(id) }) };
    return this.repository.find({ where, order: { id: 'ASC' }, take: limit });
  }

  /** The provider row, deleted or not, locked until the transaction ends; made from `defaults` when missing. */
  async lockOrCreate(
    address: ProviderAddress,
    defaults: Pick<
      RegistryProvider,
      'organizationId' | 'description' | 'source' | 'createdBy' | 'createdByName'
    >,
  ): Promise<RegistryProvider> {
    await this.manager
      .createQueryBuilder()
      .insert()
      .into(RegistryProviderEntity)
      .values({ ...at(address), ...defaults })
      .orIgnore()
      .execute();
    return this.repository.findOneOrFail({ where: at(address), lock: { mode: 'pessimistic_write' } });
  }

  /** Locks the provider row, so that changes of one provider happen one after the other. */
  async lock(providerId: string): Promise<void> {
    await this.repository.findOne({
      where: { id: providerId },
      select: { id: true },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /** Changes what is said about a provider, or marks it deleted, present again, held back, or owned by another mirror. */
  async update(
    providerId: string,
    change: Partial<
      Pick<RegistryProvider, 'description' | 'source' | 'deletedAt' | 'heldBackReason' | 'organizationId'>
    >,
  ): Promise<void> {
    await this.repository.update({ id: providerId }, change);
  }

  /** Whether an organization owns a provider that is not deleted. */
  isOwner(organizationId: string): Promise<boolean> {
    return this.repository.existsBy({ organizationId, deletedAt: IsNull() });
  }

  /** Whether a provider published here, deleted or not, stands in the namespace, which is given in its folded form. */
  isNamespaceUsed(folded: string): Promise<boolean> {
    return this.repository
      .createQueryBuilder('provider')
      .where(`lower(replace(provider.namespace, '_', '-')) = :folded AND provider.upstream_host = ''`, {
        folded,
      })
      .getExists();
  }

  /** Gives every provider published in the namespace, deleted or not, to an organization. */
  async moveNamespace(folded: string, organizationId: string): Promise<void> {
    await this.repository
      .createQueryBuilder()
      .update()
      .set({ organizationId })
      .where(`lower(replace(namespace, '_', '-')) = :folded AND upstream_host = ''`, { folded })
      .execute();
  }
}

function at({ namespace, type, host }: ProviderAddress) {
  return { namespace, type, upstreamHost: host };
}
