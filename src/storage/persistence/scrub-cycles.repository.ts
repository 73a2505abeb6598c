import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { ScrubCycle, ScrubProgress, ScrubTask } from '../domain/scrub-cycle.js';
import { StorageScrubEntity } from './storage-scrub.entity.js';
import { READ_AT, since } from './scrub-sql.js';

/** Rows of `storage_scrubs`: cycles and who works on them. Times are those of the database. */
@Injectable()
export class ScrubCyclesRepository extends BaseRepository<StorageScrubEntity> {
  constructor(dataSource: DataSource) {
    super(StorageScrubEntity, dataSource);
  }

  find(storage: string): Promise<ScrubCycle | null> {
    return this.repository.findOneBy({ storage });
  }

  /** What is to be done; nothing while the storage waits for `retry_at`. `intervalMs` zero starts no cycle. */
  async task(storage: string, intervalMs: number, repairEveryMs: number): Promise<ScrubTask> {
    const [row] = await this.manager.query<ScrubTask[]>(
      `SELECT
         is_ready AND NOT is_under_way AND $2::double precision > 0
           AND (SELECT min(${READ_AT}) FROM artifacts WHERE storage = $1 AND state = 'committed') <= ${since(2)}
           AS "startsCycle",
         is_ready AND is_under_way AS "isCycleUnderWay",
         is_ready AND EXISTS (
           SELECT 1 FROM artifacts WHERE storage = $1 AND state = 'committed' AND damaged_at IS NOT NULL
             AND coalesce(repair_tried_at, '-infinity') <= ${since(3)}) AS "hasRepairs"
       FROM (VALUES (1)) AS one (x)
       LEFT JOIN storage_scrubs s ON s.storage = $1
       CROSS JOIN LATERAL (
         SELECT coalesce(s.retry_at <= now(), true) AS is_ready,
                s.cycle_started_at IS NOT NULL AND s.cycle_ended_at IS NULL AS is_under_way
       ) AS state`,
      [storage, intervalMs, repairEveryMs],
    );
    return {
      startsCycle: row!.startsCycle === true,
      isCycleUnderWay: row!.isCycleUnderWay === true,
      hasRepairs: row!.hasRepairs === true,
    };
  }

  /** Begins a cycle unless one is under way; also forgets why an earlier one could not go on. */
  async begin(storage: string): Promise<void> {
    await this.manager.query(
      `INSERT INTO storage_scrubs AS s (storage, cycle_started_at) VALUES ($1, now())
       ON CONFLICT (storage) DO UPDATE SET
         problem = NULL, retry_at = NULL,
         cycle_started_at = CASE WHEN ${UNDER_WAY} THEN s.cycle_started_at ELSE now() END,
         objects = CASE WHEN ${UNDER_WAY} THEN s.objects ELSE 0 END,
         bytes = CASE WHEN ${UNDER_WAY} THEN s.bytes ELSE 0 END,
         damaged = CASE WHEN ${UNDER_WAY} THEN s.damaged ELSE 0 END,
         repaired = CASE WHEN ${UNDER_WAY} THEN s.repaired ELSE 0 END,
         cycle_ended_at = NULL`,
      [storage],
    );
  }

  /** The cycle has read everything. */
  async end(storage: string): Promise<void> {
    await this.manager.query(
      `UPDATE storage_scrubs s SET cycle_ended_at = now(), last_full_cycle_at = now(), problem = NULL, retry_at = NULL
       WHERE storage = $1 AND ${UNDER_WAY}`,
      [storage],
    );
  }

  /** Notes what was read and found. */
  async add(storage: string, { objects, bytes, damaged, repaired }: ScrubProgress): Promise<void> {
    await this.manager.query(
      `UPDATE storage_scrubs SET objects = objects + $2, bytes = bytes + $3, damaged = damaged + $4,
         repaired = repaired + $5 WHERE storage = $1`,
      [storage, objects, bytes, damaged, repaired],
    );
  }

  /** Why the storage cannot be read on; it is left alone for `retryMs`. */
  async postpone(storage: string, problem: string, retryMs: number): Promise<void> {
    await this.manager.query(
      `UPDATE storage_scrubs SET problem = $2, retry_at = now() + make_interval(secs => $3::double precision / 1000)
       WHERE storage = $1`,
      [storage, problem, retryMs],
    );
  }

  /** There is no problem any more. */
  async clearProblem(storage: string): Promise<void> {
    await this.manager.query(`UPDATE storage_scrubs SET problem = NULL, retry_at = NULL WHERE storage = $1`, [
      storage,
    ]);
  }

  /** Takes the storage for `leaseMs` unless somebody else holds it. */
  async lease(storage: string, holder: string, leaseMs: number): Promise<boolean> {
    const rows = await this.manager.query<unknown[]>(
      `INSERT INTO storage_scrubs AS s (storage, lease_holder, lease_until)
       VALUES ($1, $2, now() + make_interval(secs => $3::double precision / 1000))
       ON CONFLICT (storage) DO UPDATE SET lease_holder = excluded.lease_holder, lease_until = excluded.lease_until
       WHERE s.lease_holder IS NULL OR s.lease_holder = excluded.lease_holder OR s.lease_until <= now()
       RETURNING s.storage`,
      [storage, holder, leaseMs],
    );
    return rows.length > 0;
  }

  async release(storage: string, holder: string): Promise<void> {
    await this.manager.query(
      `UPDATE storage_scrubs SET lease_holder = NULL, lease_until = NULL WHERE storage = $1 AND lease_holder = $2`,
      [storage, holder],
    );
  }

  /** Whether somebody works on the storage at this moment. */
  async isLeased(storage: string): Promise<boolean> {
    const rows = await this.manager.query<unknown[]>(
      `SELECT 1 FROM storage_scrubs WHERE storage = $1 AND lease_holder IS NOT NULL AND lease_until > now()`,
      [storage],
    );
    return rows.length > 0;
  }
}

const UNDER_WAY = '(s.cycle_started_at IS NOT NULL AND s.cycle_ended_at IS NULL)';
