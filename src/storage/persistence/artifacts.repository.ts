import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { isUuid } from '../../kernel/uuid.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { ArtifactKey } from '../artifact-key.js';
import type { Artifact } from '../domain/artifact.js';
import { ArtifactEntity } from './artifact.entity.js';

/** Rows of `artifacts` as publishing and serving see them. The sweep has its own repository. */
@Injectable()
export class ArtifactsRepository extends BaseRepository<ArtifactEntity> {
  constructor(dataSource: DataSource) {
    super(ArtifactEntity, dataSource);
  }

  /**
   * Inserts the row of an object that is about to be put, or refreshes it: `staged_at` is now, a doomed mark is
   * taken away, a committed row stays committed. Returns the id, and the size that the row had or has; undefined
   * when the storage is a stored configuration that was removed.
   */
  async stage(
    storage: string,
    key: ArtifactKey,
    sizeBytes: number,
  ): Promise<{ id: string; sizeBytes: number } | undefined> {
    // Whoever removes the configuration waits for this row, and then counts it.
    const source = isUuid(storage)
      ? 'FROM storage_configurations c WHERE c.id = $1::uuid FOR KEY SHARE OF c'
      : '';
    const [row] = await this.manager.query<{ id: string; size_bytes: string }[]>(
      `INSERT INTO artifacts AS a (storage, key, digest, size_bytes, state)
       SELECT $1::text, $2, $3, $4::bigint, 'staged' ${source}
       ON CONFLICT ON CONSTRAINT uq_artifact_key DO UPDATE SET
         staged_at = now(),
         state = CASE a.state WHEN 'doomed' THEN 'staged' ELSE a.state END,
         doomed_at = NULL
       RETURNING id, size_bytes`,
      [storage, key.path, key.digest, sizeBytes],
    );
    return row && { id: row.id, sizeBytes: Number(row.size_bytes) };
  }

  /** Whether the bytes of a former row of this key are being removed right now. */
  async isBeingDeleted(storage: string, path: string): Promise<boolean> {
    const rows = await this.manager.query<unknown[]>(
      `SELECT 1 FROM artifact_deletions WHERE storage = $1 AND key = $2`,
      [storage, path],
    );
    return rows.length > 0;
  }

  /** Marks a row as referenced from now on; `false` when the row is gone. */
  async commit(id: string): Promise<boolean> {
    const result = await this.repository
      .createQueryBuilder()
      .update()
      .set({ state: 'committed', committedAt: () => 'coalesce(committed_at, now())', doomedAt: null })
      .where('id = :id', { id })
      .execute();
    return result.affected === 1;
  }

  /** The storages that hold the committed object of this path: the one it was committed to last comes first. */
  async storagesOf(path: string): Promise<string[]> {
    const rows = await this.manager.query<{ storage: string }[]>(
      `SELECT storage FROM artifacts WHERE key = $1 AND state = 'committed' ORDER BY committed_at DESC, storage`,
      [path],
    );
    return rows.map(({ storage }) => storage);
  }

  /** The ids of the committed rows of an object: one for each storage that holds it, the latest first. */
  async findCommittedIds(path: string): Promise<string[]> {
    const rows = await this.manager.query<{ id: string }[]>(
      `SELECT id FROM artifacts WHERE key = $1 AND state = 'committed' ORDER BY committed_at DESC, storage`,
      [path],
    );
    return rows.map(({ id }) => id);
  }

  /** The row of an object. */
  findByKey(storage: string, path: string): Promise<Artifact | null> {
    return this.repository.findOneBy({ storage, key: path });
  }
}
