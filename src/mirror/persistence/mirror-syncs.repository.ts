import { Injectable } from '@nestjs/common';
import { DataSource, Not } from 'typeorm';
import type { PageRequest } from '../../kernel/page.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type {
  MirrorSync,
  MirrorSyncLine,
  SyncJobPayload,
  SyncRestriction,
  SyncTrigger,
} from '../domain/mirror-sync.js';
import { MirrorSyncLineEntity } from './mirror-sync-line.entity.js';
import { MirrorSyncEntity } from './mirror-sync.entity.js';

/** Runs of mirrors as people see them. Joins the ambient transaction; times are those of the database. */
@Injectable()
export class MirrorSyncsRepository extends BaseRepository<MirrorSyncEntity> {
  constructor(dataSource: DataSource) {
    super(MirrorSyncEntity, dataSource);
  }

  /** Adds a run; undefined while the mirror has one that did not end, and when the mirror was deleted. */
  async add(
    mirrorId: string,
    triggeredBy: SyncTrigger,
    { namespace = null, providerType = null }: SyncRestriction,
  ): Promise<string | undefined> {
    const [row] = await this.manager.query<{ id: string }[]>(
      `INSERT INTO mirror_syncs (mirror_id, triggered_by, namespace, provider_type)
       SELECT id, $2, $3, $4 FROM mirrors WHERE id = $1 FOR KEY SHARE
       ON CONFLICT (mirror_id) WHERE status = 'running' DO NOTHING RETURNING id`,
      [mirrorId, triggeredBy, namespace, providerType],
    );
    return row?.id;
  }

  /** A run of this mirror. */
  find(mirrorId: string, id: string): Promise<MirrorSync | null> {
    return this.repository.findOneBy({ mirrorId, id });
  }

  /** The run that did not end. */
  running(mirrorId: string): Promise<MirrorSync | null> {
    return this.repository.findOneBy({ mirrorId, status: 'running' });
  }

  /** Newest first, the running one included. */
  recent(mirrorId: string, limit: number): Promise<MirrorSync[]> {
    return this.repository.find({
      where: { mirrorId },
      order: { startedAt: 'DESC', id: 'DESC' },
      take: limit,
    });
  }

  /** Lines of a run in the order in which they were written, and how many there are. */
  async lines(
    syncId: string,
    { page, perPage }: PageRequest,
  ): Promise<{ items: MirrorSyncLine[]; total: number }> {
    const [items, total] = await this.manager.getRepository(MirrorSyncLineEntity).findAndCount({
      where: { syncId },
      order: { id: 'ASC' },
      skip: (page - 1) * perPage,
      take: perPage,
    });
    return { items, total };
  }

  /** Ends a run that no process works on; `false` when one does, or when it has ended. */
  async endIdle(id: string): Promise<boolean> {
    const [, changed] = await this.manager.query<[unknown, number]>(
      `UPDATE mirror_syncs
       SET status = 'cancelled', is_cancel_requested = true, completed_at = now(), lease_token = lease_token + 1,
         lease_until = NULL
       WHERE id = $1 AND status = 'running' AND coalesce(lease_until <= now(), true)`,
      [id],
    );
    return changed === 1;
  }

  /** Asks the process that works on a run to end it; `false` when it has ended. */
  async requestCancel(id: string): Promise<boolean> {
    const [, changed] = await this.manager.query<[unknown, number]>(
      `UPDATE mirror_syncs SET is_cancel_requested = true WHERE id = $1 AND status = 'running'`,
      [id],
    );
    return changed === 1;
  }

  /** Runs that no process has worked on for `leaseMs`: their worker is gone, or none was there. */
  abandoned(leaseMs: number): Promise<SyncJobPayload[]> {
    return this.manager.query<SyncJobPayload[]>(
      `SELECT id AS "syncId", mirror_id AS "mirrorId" FROM mirror_syncs
       WHERE status = 'running'
         AND coalesce(lease_until, started_at + make_interval(secs => $1::double precision / 1000)) <= now()
       ORDER BY started_at LIMIT 1000`,
      [leaseMs],
    );
  }

  /** Removes ended runs of a mirror except the newest ones. */
  async prune(mirrorId: string, keep: number): Promise<void> {
    const old = await this.repository.find({
      where: { mirrorId, status: Not('running') },
      order: { startedAt: 'DESC', id: 'DESC' },
      select: { id: true },
      skip: keep,
      take: 1000,
    });
    if (old.length > 0) await this.repository.delete(old.map(({ id }) => id));
  }
}
