import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { StorageConfigurationEntity } from './storage-configuration.entity.js';

/** What is stored of a configuration that is added. */
export type NewStorageConfiguration = Pick<
  StorageConfigurationEntity,
  'id' | 'backendType' | 'settings' | 'secretsBox' | 'createdBy'
>;

/** Stored storage configurations. Joins the ambient transaction. */
@Injectable()
export class StorageConfigurationsRepository extends BaseRepository<StorageConfigurationEntity> {
  constructor(dataSource: DataSource) {
    super(StorageConfigurationEntity, dataSource);
  }

  /** All of them: the active one first, then the newest. */
  list(): Promise<StorageConfigurationEntity[]> {
    return this.repository.find({ order: { isActive: 'DESC', createdAt: 'DESC', id: 'ASC' } });
  }

  /** The configuration with this id. */
  find(id: string): Promise<StorageConfigurationEntity | null> {
    return this.repository.findOneBy({ id });
  }

  /** Lets everybody else who changes configurations wait until the transaction ends; readers are not affected. */
  async lock(): Promise<void> {
    await this.manager.query(`LOCK TABLE storage_configurations IN SHARE ROW EXCLUSIVE MODE`);
  }

  /** Lets everybody who is about to put an object there finish, and the next ones wait; under {@link lock}. */
  async lockOne(id: string): Promise<void> {
    await this.manager.query(`SELECT 1 FROM storage_configurations WHERE id = $1 FOR UPDATE`, [id]);
  }

  /** Stores a configuration that is not active. */
  add(configuration: NewStorageConfiguration): Promise<StorageConfigurationEntity> {
    return this.repository.save(this.repository.create({ ...configuration, isActive: false }));
  }

  /** Gives a configuration other settings. */
  async replace(
    id: string,
    { backendType, settings, secretsBox }: Omit<NewStorageConfiguration, 'id' | 'createdBy'>,
  ): Promise<void> {
    await this.manager.query(
      `UPDATE storage_configurations
       SET backend_type = $2, settings = $3, secrets_box = $4, updated_at = now() WHERE id = $1`,
      [id, backendType, JSON.stringify(settings), secretsBox],
    );
  }

  /** Makes a configuration the only active one; under {@link lock}. */
  async activate(id: string): Promise<void> {
    await this.deactivate();
    await this.manager.query(
      `UPDATE storage_configurations SET is_active = true, updated_at = now() WHERE id = $1`,
      [id],
    );
  }

  /** Leaves no configuration active; under {@link lock}. */
  async deactivate(): Promise<void> {
    await this.manager.query(`UPDATE storage_configurations SET is_active = false WHERE is_active`);
  }

  /** Removes a configuration. */
  async remove(id: string): Promise<void> {
    await this.repository.delete({ id });
  }

  /** How many objects are in the storage of this name, or are just being put there or removed. */
  async countObjects(name: string): Promise<number> {
    const [row] = await this.manager.query<{ objects: string }[]>(
      `SELECT (SELECT count(*) FROM artifacts WHERE storage = $1)
            + (SELECT count(*) FROM artifact_deletions WHERE storage = $1) AS objects`,
      [name],
    );
    return Number(row!.objects);
  }

  /** Paths of some objects that are in the storage of this name. */
  async someObjects(name: string, count: number): Promise<string[]> {
    const rows = await this.manager.query<{ key: string }[]>(
      `SELECT key FROM artifacts WHERE storage = $1 AND state = 'committed' ORDER BY id LIMIT $2`,
      [name, count],
    );
    return rows.map(({ key }) => key);
  }
}
