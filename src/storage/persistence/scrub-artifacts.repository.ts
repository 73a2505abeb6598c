import { Injectable } from '@nestjs/common';
import { DataSource, In, IsNull, Not } from 'typeorm';
import type { Page, PageRequest } from '../../kernel/page.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { Artifact } from '../domain/artifact.js';
import type { ScrubCounts } from '../domain/scrub-cycle.js';
import type { Damage, RepairResult } from '../domain/scrub-damage.js';
import { ArtifactEntity } from './artifact.entity.js';
import { READ_AT, since } from './scrub-sql.js';

/** Where an object is. */
export interface ObjectPlace {
  readonly storage: string;
  readonly key: string;
}

/** What is known about the bytes of artifacts. Times are those of the database. */
@Injectable()
export class ScrubArtifactsRepository extends BaseRepository<ArtifactEntity> {
  constructor(dataSource: DataSource) {
    super(ArtifactEntity, dataSource);
  }

  /** What the cycle has yet to read: what was read longest ago comes first, `except` is left out. */
  async due(storage: string, except: readonly string[], limit: number): Promise<Artifact[]> {
    const rows = await this.manager.query<{ id: string }[]>(
      `SELECT id FROM artifacts
       WHERE storage = $1 AND state = 'committed' AND id <> ALL($2::uuid[])
         AND ${READ_AT} < (SELECT cycle_started_at FROM storage_scrubs WHERE storage = $1 AND cycle_ended_at IS NULL)
       ORDER BY ${READ_AT}, id LIMIT $3`,
      [storage, except, limit],
    );
    const ids = rows.map(({ id }) => id);
    const artifacts = await this.repository.findBy({ id: In(ids) });
    return artifacts.sort((one, other) => ids.indexOf(one.id) - ids.indexOf(other.id));
  }

  /** Damaged artifacts whose repair was not tried for `everyMs`, longest ago first. */
  async toRepair(storage: string, everyMs: number, limit: number): Promise<Artifact[]> {
    const rows = await this.manager.query<{ id: string }[]>(
      `SELECT id FROM artifacts
       WHERE storage = $1 AND state = 'committed' AND damaged_at IS NOT NULL
         AND coalesce(repair_tried_at, '-infinity') <= ${since(2)}
       ORDER BY repair_tried_at NULLS FIRST, id LIMIT $3`,
      [storage, everyMs, limit],
    );
    return this.repository.findBy({ id: In(rows.map(({ id }) => id)) });
  }

  /** The row of this id as it is now. */
  find(id: string): Promise<Artifact | null> {
    return this.repository.findOneBy({ id });
  }

  /** The same, locked until the transaction ends. */
  lock(id: string): Promise<Artifact | null> {
    return this.repository.findOne({ where: { id }, lock: { mode: 'for_no_key_update' } });
  }

  /** Artifacts that were read lately and were right; not those of `except`. */
  async lately(storage: string, except: readonly string[], limit: number): Promise<ObjectPlace[]> {
    return this.manager.query<ObjectPlace[]>(
      `SELECT storage, key FROM artifacts
       WHERE storage = $1 AND state = 'committed' AND damaged_at IS NULL AND unread_since IS NULL AND size_bytes > 0
         AND id <> ALL($2::uuid[])
       ORDER BY ${READ_AT} DESC LIMIT $3`,
      [storage, except, limit],
    );
  }

  /**
   * The bytes of these were right just now. Rows that somebody else holds are left out and stay due: a publish that
   * locks several must never wait for one that waits for it.
   */
  async markVerified(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.manager.query(
      `UPDATE artifacts SET verified_at = now(), unread_since = NULL WHERE id IN (
         SELECT id FROM artifacts WHERE id = ANY($1) AND damaged_at IS NULL ORDER BY id
         FOR NO KEY UPDATE SKIP LOCKED)`,
      [ids],
    );
  }

  /** Reading this one failed although its storage works. */
  async markUnread(id: string): Promise<void> {
    await this.manager.query(
      `UPDATE artifacts SET unread_since = now() WHERE id = $1 AND unread_since IS NULL`,
      [id],
    );
  }

  /** Notes damage of a committed artifact; `false` when the row is gone or not committed any more. */
  async flag(id: string, damage: Damage): Promise<boolean> {
    const [, flagged] = await this.manager.query<[unknown, number]>(
      `UPDATE artifacts SET damaged_at = coalesce(damaged_at, now()), damage = $2, verified_at = now()
       WHERE id = $1 AND state = 'committed'`,
      [id, damage],
    );
    return flagged === 1;
  }

  /** The bytes of a damaged artifact are right again; `false` when it was not damaged. */
  async unflag(id: string): Promise<boolean> {
    const [, unflagged] = await this.manager.query<[unknown, number]>(
      `UPDATE artifacts SET damaged_at = NULL, damage = NULL, unread_since = NULL, repair_tried_at = NULL,
         repair_result = NULL, verified_at = now()
       WHERE id = $1 AND damaged_at IS NOT NULL`,
      [id],
    );
    return unflagged === 1;
  }

  /** How a repair ended that did not succeed. */
  async noteRepair(id: string, result: RepairResult): Promise<void> {
    const damaged = { id, damagedAt: Not(IsNull()) };
    await this.repository.update(damaged, { repairTriedAt: () => 'now()', repairResult: result });
  }

  /** The next pass tries the repair again. */
  async askForRepair(id: string): Promise<void> {
    await this.repository.update({ id }, { repairTriedAt: null });
  }

  /** Where else committed bytes of this digest should be: other storages first. */
  async copiesOf({ id, storage, digest, sizeBytes }: Artifact): Promise<ObjectPlace[]> {
    return this.manager.query<ObjectPlace[]>(
      `SELECT storage, key FROM artifacts
       WHERE digest = $2 AND size_bytes = $3 AND id <> $1 AND state = 'committed' AND damaged_at IS NULL
       ORDER BY storage = $4, storage, key LIMIT 100`,
      [id, digest, sizeBytes, storage],
    );
  }

  /** Up to `limit` damaged artifacts, whatever their state. */
  async damagedPlaces(limit: number): Promise<ObjectPlace[]> {
    return this.manager.query<ObjectPlace[]>(
      `SELECT storage, key FROM artifacts WHERE damaged_at IS NOT NULL ORDER BY damaged_at, id LIMIT $1`,
      [limit],
    );
  }

  async isDamaged({ storage, key }: ObjectPlace): Promise<boolean> {
    const rows = await this.manager.query<unknown[]>(
      `SELECT 1 FROM artifacts WHERE storage = $1 AND key = $2 AND damaged_at IS NOT NULL`,
      [storage, key],
    );
    return rows.length > 0;
  }

  /** Damaged artifacts, those found first at the top. */
  async damagedPage({ page, perPage }: PageRequest): Promise<Page<Artifact>> {
    const [items, total] = await this.repository
      .createQueryBuilder('artifact')
      .where(`artifact.damaged_at IS NOT NULL AND artifact.state = 'committed'`)
      .orderBy({ 'artifact.damaged_at': 'ASC', 'artifact.id': 'ASC' })
      .skip((page - 1) * perPage)
      .take(perPage)
      .getManyAndCount();
    return { items, total, page, perPage };
  }

  async counts(storage: string): Promise<ScrubCounts> {
    const [row] = await this.manager.query<[ScrubCounts]>(
      `SELECT count(*)::int AS artifacts,
         (count(*) FILTER (WHERE ${READ_AT} < (
            SELECT cycle_started_at FROM storage_scrubs WHERE storage = $1 AND cycle_ended_at IS NULL)))::int AS due,
         (count(*) FILTER (WHERE damaged_at IS NOT NULL))::int AS damaged,
         (count(*) FILTER (WHERE unread_since IS NOT NULL AND damaged_at IS NULL))::int AS unread,
         min(${READ_AT}) AS "oldestVerificationAt"
       FROM artifacts WHERE storage = $1 AND state = 'committed'`,
      [storage],
    );
    return row;
  }

  /** Damage and the longest time without reading, in seconds, of one storage; cheap enough for every scrape. */
  async gauges(storage: string): Promise<{ damaged: number; oldestSeconds: number }> {
    const [row] = await this.manager.query<{ damaged: number; oldestSeconds: number }[]>(
      `SELECT
         (SELECT count(*) FROM artifacts WHERE damaged_at IS NOT NULL AND storage = $1 AND state = 'committed')::int
           AS damaged,
         coalesce(extract(epoch FROM now() - (
           SELECT min(${READ_AT}) FROM artifacts WHERE storage = $1 AND state = 'committed')), 0)::double precision
           AS "oldestSeconds"`,
      [storage],
    );
    return row!;
  }
}
