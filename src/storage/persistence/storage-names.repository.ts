import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { ArtifactEntity } from './artifact.entity.js';

/** Which storages rows speak of. */
@Injectable()
export class StorageNamesRepository extends BaseRepository<ArtifactEntity> {
  constructor(dataSource: DataSource) {
    super(ArtifactEntity, dataSource);
  }

  /** The names of all storages with artifacts or begun deletions, found by stepping through the indexes. */
  async list(): Promise<string[]> {
    const rows = await this.manager.query<{ name: string }[]>(
      `WITH RECURSIVE
         a (name) AS (
           SELECT min(storage) FROM artifacts
           UNION ALL SELECT (SELECT min(storage) FROM artifacts WHERE storage > a.name) FROM a WHERE a.name IS NOT NULL
         ),
         d (name) AS (
           SELECT min(storage) FROM artifact_deletions
           UNION ALL
           SELECT (SELECT min(storage) FROM artifact_deletions WHERE storage > d.name) FROM d WHERE d.name IS NOT NULL
         )
       SELECT name FROM a WHERE name IS NOT NULL UNION SELECT name FROM d WHERE name IS NOT NULL ORDER BY name`,
    );
    return rows.map(({ name }) => name);
  }
}
