import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { ArtifactDeletionEntity } from './artifact-deletion.entity.js';
import type { ObjectPlace } from './scrub-artifacts.repository.js';
import { since } from './scrub-sql.js';

/** Deletion markers of damaged objects, whose rows stay. */
@Injectable()
export class RepairMarkersRepository extends BaseRepository<ArtifactDeletionEntity> {
  constructor(dataSource: DataSource) {
    super(ArtifactDeletionEntity, dataSource);
  }

  /** Marks an object; one that was left behind `takeOverMs` ago is taken over. `false`: somebody removes it now. */
  async mark({ storage, key }: ObjectPlace, takeOverMs: number): Promise<boolean> {
    const rows = await this.manager.query<unknown[]>(
      `INSERT INTO artifact_deletions AS d (storage, key) VALUES ($1, $2)
       ON CONFLICT (storage, key) DO UPDATE SET started_at = now() WHERE d.started_at <= ${since(3)}
       RETURNING d.key`,
      [storage, key, takeOverMs],
    );
    return rows.length > 0;
  }

  async unmark({ storage, key }: ObjectPlace): Promise<void> {
    await this.repository.delete({ storage, key });
  }
}
