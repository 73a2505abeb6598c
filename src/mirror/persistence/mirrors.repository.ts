import { Injectable } from '@nestjs/common';
import { DataSource, In, IsNull } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { Mirror } from '../domain/mirror.js';
import { MirrorEntity } from './mirror.entity.js';

/** Whose mirrors a list shows: those of these organizations, and those of none if `isOfNone`. */
export interface MirrorOwners {
  readonly organizations: 'all' | readonly string[];
  readonly isOfNone: boolean;
}

/** What is stored of a mirror that is added. The time of its first run comes from the database. */
export type NewMirror = Omit<
  MirrorEntity,
  | 'nextSyncAt'
  | 'lastSyncAt'
  | 'lastSuccessAt'
  | 'lastSyncStatus'
  | 'lastSyncError'
  | 'createdAt'
  | 'updatedAt'
>;

/** What is stored of a change. */
export type MirrorChange = Partial<Omit<NewMirror, 'id' | 'createdBy' | 'createdByName'>>;

/** Mirrors of upstream registries. Joins the ambient transaction. */
@Injectable()
export class MirrorsRepository extends BaseRepository<MirrorEntity> {
  constructor(dataSource: DataSource) {
    super(MirrorEntity, dataSource);
  }

  /** The mirror with this id. */
  async find(id: string): Promise<Mirror | null> {
    const row = await this.repository.findOneBy({ id });
    return row && mirrorOf(row);
  }

  /** The mirror, which nobody else changes or deletes until the transaction ends. */
  async lock(id: string): Promise<Mirror | null> {
    const row = await this.repository.findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
    return row && mirrorOf(row);
  }

  /** The mirror, which nobody changes or deletes until the transaction ends, however many hold it. */
  async hold(id: string): Promise<Mirror | null> {
    const row = await this.repository.findOne({ where: { id }, lock: { mode: 'for_key_share' } });
    return row && mirrorOf(row);
  }

  /** These mirrors, by name. */
  async list(owners: MirrorOwners, onlyEnabled: boolean): Promise<Mirror[]> {
    const enabled = onlyEnabled ? { isEnabled: true } : {};
    const { organizations, isOfNone } = owners;
    const rows = await this.repository.find({
      where:
        organizations === 'all'
          ? enabled
          : [
              { ...enabled, organizationId: In([...organizations]) },
              ...(isOfNone ? [{ ...enabled, organizationId: IsNull() }] : []),
            ],
      order: { name: 'ASC', id: 'ASC' },
    });
    return rows.map(mirrorOf);
  }

  /** Enabled mirrors whose next run is due, the one that waits longest first. `null`: now, by the database. */
  async due(now: Date | null): Promise<Mirror[]> {
    const rows = await this.repository
      .createQueryBuilder('m')
      .where('m.is_enabled AND m.next_sync_at <= coalesce(:now::timestamptz, now())', { now })
      .orderBy('m.next_sync_at')
      .addOrderBy('m.id')
      .getMany();
    return rows.map(mirrorOf);
  }

  /** The sealed token of a mirror. */
  async sealedToken(id: string): Promise<Buffer | null> {
    const row = await this.repository.findOne({ where: { id }, select: { id: true, upstreamToken: true } });
    return row?.upstreamToken ?? null;
  }

  /** Whether a run of the mirror has not ended; under {@link lock} none begins. */
  async isSyncing(id: string): Promise<boolean> {
    return this.exists(`SELECT 1 FROM mirror_syncs WHERE mirror_id = $1 AND status = 'running'`, id);
  }

  /** Whether anything was found, approved or trusted through the mirror. */
  async isInUse(id: string): Promise<boolean> {
    return this.exists(
      `SELECT 1 FROM mirrored_providers WHERE mirror_id = $1
       UNION ALL SELECT 1 FROM mirror_approvals WHERE mirror_id = $1
       UNION ALL SELECT 1 FROM mirror_keys WHERE mirror_id = $1`,
      id,
    );
  }

  /** Whether an organization has mirrors. */
  isOwner(organizationId: string): Promise<boolean> {
    return this.repository.existsBy({ organizationId });
  }

  /** Stores a mirror; one that is enabled is due at once. */
  async add(mirror: NewMirror): Promise<void> {
    await this.repository.insert({ ...mirror, nextSyncAt: null });
    if (mirror.isEnabled) await this.setNext(mirror.id, 'now()');
  }

  /** Changes a mirror. */
  async change(id: string, change: MirrorChange): Promise<void> {
    if (Object.keys(change).length > 0) await this.repository.update({ id }, change);
    await this.manager.query(`UPDATE mirrors SET updated_at = now() WHERE id = $1`, [id]);
  }

  /** Brings the time of the next run in line with what was changed: none while disabled, else one interval after the last. */
  async reschedule(id: string): Promise<void> {
    await this.setNext(
      id,
      `CASE WHEN is_enabled THEN
         CASE WHEN last_sync_at IS NULL THEN now()
              ELSE greatest(now(), last_sync_at + make_interval(hours => sync_interval_hours)) END END`,
    );
  }

  /** Removes a mirror; what it fetched stays, without a mirror. */
  async remove(id: string): Promise<void> {
    await this.repository.delete({ id });
  }

  /** A run began. */
  async markStarted(id: string): Promise<void> {
    await this.manager.query(`UPDATE mirrors SET last_sync_status = 'in_progress' WHERE id = $1`, [id]);
  }

  /** A run ended, now. One that was to fetch everything decides when the next one is due. */
  async markFinished(
    id: string,
    end: { readonly status: 'success' | 'failed'; readonly error: string | null; readonly isWhole: boolean },
  ): Promise<void> {
    const { status, error, isWhole } = end;
    await this.manager.query(
      `UPDATE mirrors SET last_sync_status = $2, last_sync_error = $3, last_sync_at = now(),
         last_success_at = CASE WHEN $2 = 'success' AND $4 THEN now() ELSE last_success_at END,
         next_sync_at = CASE
           WHEN NOT is_enabled THEN NULL
           WHEN $4 THEN now() + make_interval(hours => sync_interval_hours)
           ELSE next_sync_at END
       WHERE id = $1`,
      [id, status, error, isWhole],
    );
  }

  private async exists(query: string, id: string): Promise<boolean> {
    const rows = await this.manager.query<unknown[]>(`${query} LIMIT 1`, [id]);
    return rows.length > 0;
  }

  private async setNext(id: string, time: string): Promise<void> {
    await this.manager.query(`UPDATE mirrors SET next_sync_at = ${time} WHERE id = $1`, [id]);
  }
}

function mirrorOf({ upstreamToken, ...facts }: MirrorEntity): Mirror {
  return { ...facts, hasToken: upstreamToken !== null };
}
