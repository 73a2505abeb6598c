import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { IdentityGroupSettingsEntity } from './identity-group-settings.entity.js';
import { IdentitySettingsEntity } from './identity-settings.entity.js';

/** A stored configuration to be added. */
export type NewIdentitySettings = Omit<IdentitySettingsEntity, 'isActive' | 'createdAt' | 'updatedAt'>;

/** Identity providers set at run time, and group mappings. Joins the ambient transaction. */
@Injectable()
export class IdentitySettingsRepository extends BaseRepository<IdentitySettingsEntity> {
  constructor(dataSource: DataSource) {
    super(IdentitySettingsEntity, dataSource);
  }

  /** The active configuration. */
  findActive(): Promise<IdentitySettingsEntity | null> {
    return this.repository.findOneBy({ isActive: true });
  }

  /** The configuration with this id, active or not. */
  findById(id: string): Promise<IdentitySettingsEntity | null> {
    return this.repository.findOneBy({ id });
  }

  /** As what the registry is known by each configuration, active or not; the latest first. */
  listClients(): Promise<Pick<IdentitySettingsEntity, 'id' | 'providerType' | 'issuerUrl' | 'clientId'>[]> {
    return this.repository.find({
      select: { id: true, providerType: true, issuerUrl: true, clientId: true },
      order: { createdAt: 'DESC' },
    });
  }

  /** Stores a configuration and makes it the only active one; two at once wait for each other. */
  async addActive(settings: NewIdentitySettings): Promise<IdentitySettingsEntity> {
    await this.manager.query(`LOCK TABLE identity_settings IN SHARE ROW EXCLUSIVE MODE`);
    await this.repository.update({ isActive: true }, { isActive: false });
    return this.repository.save(this.repository.create({ ...settings, isActive: true }));
  }

  /** The group mapping that was set for a configuration. */
  findGroups(configurationId: string): Promise<IdentityGroupSettingsEntity | null> {
    return this.manager.getRepository(IdentityGroupSettingsEntity).findOneBy({ configurationId });
  }

  /** Stores the group mapping of a configuration, replacing what was there. */
  async putGroups(groups: IdentityGroupSettingsEntity): Promise<void> {
    await this.manager.getRepository(IdentityGroupSettingsEntity).save(groups);
  }
}
