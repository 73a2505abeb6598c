import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../database/base.repository.js';
import { PlatformSecretEntity } from './platform-secret.entity.js';

/** The sealed secrets of the platform, by name. A secret is written once and never replaced. */
@Injectable()
export class PlatformSecretsRepository extends BaseRepository<PlatformSecretEntity> {
  constructor(dataSource: DataSource) {
    super(PlatformSecretEntity, dataSource);
  }

  /** The sealed secret called `name`. */
  async find(name: string): Promise<Buffer | undefined> {
    const row = await this.repository.findOneBy({ name });
    return row?.ciphertext;
  }

  /** Stores the secret unless one of that name exists already, also when two processes do so at once. */
  async addIfAbsent(name: string, ciphertext: Buffer): Promise<void> {
    await this.manager.query(
      `INSERT INTO platform_secrets (name, ciphertext) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
      [name, ciphertext],
    );
  }
}
