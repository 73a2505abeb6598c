import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { ArtifactEntity } from './artifact.entity.js';
import { ArtifactReferencesRepository } from './artifact-references.repository.js';

/** An object that has bytes but no row. */
export interface RowlessObject {
  readonly path: string;
  readonly digest: string;
  readonly sizeBytes: number;
}

/** What the sweep does to `artifacts` and `artifact_deletions`. Times are those of the database. */
@Injectable()
export class ArtifactSweepRepository extends BaseRepository<ArtifactEntity> {
  constructor(
    dataSource: DataSource,
    private readonly references: ArtifactReferencesRepository,
  ) {
    super(ArtifactEntity, dataSource);
  }

  /**
   * Dooms up to `limit` rows that nothing refers to and that were staged longer than `graceMs` ago. Runs in the
   * transaction of the caller: the rows are locked first, so that no reference can appear before it ends, and
   * judged by a second statement that sees what was committed meanwhile.
   */
  async doomUnreferenced(storage: string, graceMs: number, limit: number): Promise<number> {
    const referenced = await this.references.isReferenced('a');
    const candidates = await this.manager.query<{ id: string }[]>(
      `SELECT id FROM artifacts a
       WHERE storage = $1 AND state <> 'doomed' AND staged_at <= ${ago(2)} AND NOT ${referenced}
       LIMIT $3 FOR UPDATE SKIP LOCKED`,
      [storage, graceMs, limit],
    );
    const [, doomed] = await this.manager.query<[unknown, number]>(
      `UPDATE artifacts a SET state = 'doomed', doomed_at = now() WHERE id = ANY($1) AND NOT ${referenced}`,
      [candidates.map(({ id }) => id)],
    );
    return doomed;
  }

  /** Of these objects, gives those that have no row a doomed one, so that they leave like all others. */
  async adopt(storage: string, objects: readonly RowlessObject[]): Promise<number> {
    const rows = await this.manager.query<unknown[]>(
      `INSERT INTO artifacts (storage, key, digest, size_bytes, state, doomed_at)
       SELECT $1, o.path, o.digest, o.size, 'doomed', now()
       FROM unnest($2::text[], $3::text[], $4::bigint[]) AS o (path, digest, size)
       ON CONFLICT ON CONSTRAINT uq_artifact_key DO NOTHING RETURNING id`,
      [
        storage,
        objects.map(({ path }) => path),
        objects.map(({ digest }) => digest),
        objects.map(({ sizeBytes }) => sizeBytes),
      ],
    );
    return rows.length;
  }

  /**
   * Takes up to `limit` rows out that were doomed longer than `graceMs` ago and that nothing refers to, and
   * leaves a `deleting` marker for each, in the transaction of the caller. A key whose former bytes are still being
   * removed waits: each marker belongs to one removal. Returns their paths.
   */
  async takeOut(storage: string, graceMs: number, limit: number): Promise<string[]> {
    const referenced = await this.references.isReferenced('a');
    const candidates = await this.manager.query<{ id: string }[]>(
      `SELECT id FROM artifacts a
       WHERE storage = $1 AND state = 'doomed' AND doomed_at <= ${ago(2)} AND NOT ${referenced}
       LIMIT $3 FOR UPDATE SKIP LOCKED`,
      [storage, graceMs, limit],
    );
    const rows = await this.manager.query<{ key: string }[]>(
      `WITH gone AS (
         DELETE FROM artifacts a
         WHERE id = ANY($1) AND state = 'doomed' AND NOT ${referenced}
           AND NOT EXISTS (SELECT 1 FROM artifact_deletions d WHERE d.storage = a.storage AND d.key = a.key)
         RETURNING storage, key
       )
       INSERT INTO artifact_deletions (storage, key) SELECT storage, key FROM gone RETURNING key`,
      [candidates.map(({ id }) => id)],
    );
    return rows.map(({ key }) => key);
  }

  /** Takes over up to `limit` markers that a sweep left behind at least `ageMs` ago. Returns their paths. */
  async takeOverMarkers(storage: string, ageMs: number, limit: number): Promise<string[]> {
    const [rows] = await this.manager.query<[{ key: string }[], number]>(
      `UPDATE artifact_deletions d SET started_at = now()
       WHERE (storage, key) IN (
         SELECT storage, key FROM artifact_deletions
         WHERE storage = $1 AND started_at <= ${ago(2)} LIMIT $3 FOR UPDATE SKIP LOCKED
       )
       RETURNING d.key`,
      [storage, ageMs, limit],
    );
    return rows.map(({ key }) => key);
  }

  /** Removes the marker of an object whose bytes are gone. */
  async removeMarker(storage: string, path: string): Promise<void> {
    await this.manager.query(`DELETE FROM artifact_deletions WHERE storage = $1 AND key = $2`, [
      storage,
      path,
    ]);
  }
}

/** `now()` less the milliseconds of parameter `$n`. */
function ago(parameter: number): string {
  return `now() - make_interval(secs => $${parameter}::double precision / 1000)`;
}
