import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { StorageEpochEntity } from './storage-epoch.entity.js';

/** Rows of `storage_epochs`. Times are those of the database. */
@Injectable()
export class StorageEpochsRepository extends BaseRepository<StorageEpochEntity> {
  constructor(dataSource: DataSource) {
    super(StorageEpochEntity, dataSource);
  }

  /** The epochs of a storage that this database knows. */
  async list(storage: string): Promise<string[]> {
    const rows = await this.repository.find({ where: { storage }, order: { beganAt: 'ASC', id: 'ASC' } });
    return rows.map(({ id }) => id);
  }

  /** Begins an epoch and returns its id. */
  async begin(storage: string): Promise<string> {
    const entity = this.repository.create({ storage });
    await this.repository.insert(entity);
    return entity.id;
  }

  /** Makes these epochs known. */
  async adopt(storage: string, ids: readonly string[]): Promise<void> {
    await this.manager.query(
      `INSERT INTO storage_epochs (id, storage) SELECT id, $1 FROM unnest($2::uuid[]) AS e (id)
       ON CONFLICT (id) DO UPDATE SET storage = excluded.storage`,
      [storage, ids],
    );
  }

  /** Those that began at least `ageMs` ago, all but the latest. */
  async olderThan(storage: string, ageMs: number): Promise<string[]> {
    const rows = await this.manager.query<{ id: string }[]>(
      `SELECT id FROM storage_epochs e
       WHERE storage = $1 AND began_at <= now() - make_interval(secs => $2::double precision / 1000)
         AND EXISTS (SELECT 1 FROM storage_epochs n WHERE n.storage = $1 AND (n.began_at, n.id) > (e.began_at, e.id))`,
      [storage, ageMs],
    );
    return rows.map(({ id }) => id);
  }

  async remove(id: string): Promise<void> {
    await this.repository.delete({ id });
  }
}
