import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { PageRequest } from '../../kernel/page.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { OPEN_STATES, type StorageMigration } from '../domain/storage-migration.js';
import { StorageMigrationEntity } from './storage-migration.entity.js';

/** What administrators do with rows of `storage_migrations`. Joins the ambient transaction. */
@Injectable()
export class StorageMigrationsRepository extends BaseRepository<StorageMigrationEntity> {
  constructor(dataSource: DataSource) {
    super(StorageMigrationEntity, dataSource);
  }

  /** Nobody else adds a migration before the transaction ends. */
  async lockAdding(): Promise<void> {
    await this.manager.query('LOCK TABLE storage_migrations IN SHARE ROW EXCLUSIVE MODE');
  }

  /** An open migration that empties one of the two storages, or fills the source. */
  findInTheWay(source: string, target: string): Promise<StorageMigration | null> {
    return this.repository
      .createQueryBuilder('migration')
      .where('migration.state IN (:...states)', { states: OPEN_STATES })
      .andWhere('(migration.source IN (:source, :target) OR migration.target = :source)', { source, target })
      .orderBy('migration.created_at')
      .getOne();
  }

  /** Stores a new migration. */
  async add(migration: Partial<StorageMigration>): Promise<StorageMigration> {
    return this.repository.save(this.repository.create(migration));
  }

  find(id: string): Promise<StorageMigration | null> {
    return this.repository.findOneBy({ id });
  }

  /** The migration, locked until the transaction ends. */
  lock(id: string): Promise<StorageMigration | null> {
    return this.repository.findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Changes a migration, and gives what it is then. */
  async change(id: string, values: Partial<StorageMigrationEntity>): Promise<StorageMigration> {
    await this.repository.update({ id }, values);
    return this.repository.findOneByOrFail({ id });
  }

  /** Newest first. */
  async list({ page, perPage }: PageRequest): Promise<{ items: StorageMigration[]; total: number }> {
    const [items, total] = await this.repository.findAndCount({
      order: { createdAt: 'DESC', id: 'ASC' },
      skip: (page - 1) * perPage,
      take: perPage,
    });
    return { items, total };
  }
}
