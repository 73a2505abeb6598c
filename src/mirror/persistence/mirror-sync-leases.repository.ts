import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { MirrorSync, SyncLeaseToken, SyncLineDraft, SyncStatus } from '../domain/mirror-sync.js';
import type { SyncDetails } from '../domain/sync-report.js';
import { MirrorSyncEntity } from './mirror-sync.entity.js';

/** A run that this process may work on now. */
export interface TakenSync {
  readonly sync: MirrorSync;
  readonly lease: SyncLeaseToken;
}

/** How far a run is. */
export interface SyncProgress {
  readonly providersSynced: number;
  readonly providersFailed: number;
  readonly details: SyncDetails;
}

/** How a run ended. */
export interface SyncEnd extends SyncProgress {
  readonly status: Exclude<SyncStatus, 'running'>;
  readonly errorMessage: string | null;
}

const OF_LEASE = `id = $1 AND lease_token = $2 AND status = 'running'`;

/**
 * What the worker of a run writes. One process at a time has the lease; each write is refused (`false`) when the lease
 * went to another one, or the run has ended. Times are those of the database.
 */
@Injectable()
export class MirrorSyncLeasesRepository extends BaseRepository<MirrorSyncEntity> {
  constructor(dataSource: DataSource) {
    super(MirrorSyncEntity, dataSource);
  }

  /** Takes a run that no process works on; undefined when one does, or when it has ended. */
  async take(syncId: string, leaseMs: number): Promise<TakenSync | undefined> {
    const [rows] = await this.manager.query<[{ token: string }[], number]>(
      `UPDATE mirror_syncs SET lease_token = lease_token + 1, lease_until = ${later(2)}
       WHERE id = $1 AND status = 'running' AND coalesce(lease_until <= now(), true)
       RETURNING lease_token AS token`,
      [syncId, leaseMs],
    );
    if (rows[0] === undefined) return undefined;
    const sync = await this.repository.findOneByOrFail({ id: syncId });
    return { sync, lease: { syncId, token: Number(rows[0].token) } };
  }

  /** For how long another process has the lease, in milliseconds; undefined when the run has ended. */
  async waitMs(syncId: string): Promise<number | undefined> {
    const [row] = await this.manager.query<{ ms: number }[]>(
      `SELECT greatest(0, extract(epoch FROM coalesce(lease_until, now()) - now()) * 1000)::float8 AS ms
       FROM mirror_syncs WHERE id = $1 AND status = 'running'`,
      [syncId],
    );
    return row?.ms;
  }

  /** Keeps the lease; undefined when it is lost. */
  async renew(lease: SyncLeaseToken, leaseMs: number): Promise<{ isCancelRequested: boolean } | undefined> {
    const [rows] = await this.manager.query<[{ isCancelRequested: boolean }[], number]>(
      `UPDATE mirror_syncs SET lease_until = ${later(3)} WHERE ${OF_LEASE}
       RETURNING is_cancel_requested AS "isCancelRequested"`,
      [lease.syncId, lease.token, leaseMs],
    );
    return rows[0];
  }

  /** Gives the lease back. */
  release(lease: SyncLeaseToken): Promise<boolean> {
    return this.write(lease, 'lease_until = now()');
  }

  /**
   * Looks whether the lease is still held; undefined when it is lost. In a transaction nobody takes it until the end of
   * that.
   */
  async hold(lease: SyncLeaseToken): Promise<{ isCancelRequested: boolean } | undefined> {
    const [row] = await this.manager.query<{ isCancelRequested: boolean }[]>(
      `SELECT is_cancel_requested AS "isCancelRequested" FROM mirror_syncs WHERE ${OF_LEASE} FOR UPDATE`,
      [lease.syncId, lease.token],
    );
    return row;
  }

  /** How many providers there are. */
  planProviders(lease: SyncLeaseToken, providers: number): Promise<boolean> {
    return this.write(lease, 'providers_planned = $3', [providers]);
  }

  /** How many packages of one more provider are to be fetched, on top of what was done so far. */
  planPackages(lease: SyncLeaseToken, packages: number): Promise<boolean> {
    return this.write(lease, 'packages_planned = packages_done + $3', [packages]);
  }

  /** Adds lines, and counts them. A package has one line in a run: a later one replaces it. */
  async addLines(lease: SyncLeaseToken, lines: readonly SyncLineDraft[]): Promise<void> {
    const [counted] = await this.manager.query<{ added: number; bytes: string }[]>(
      `WITH written AS (
         INSERT INTO mirror_sync_lines
           (sync_id, namespace, provider_type, version, platform, outcome, bytes, error_code, message)
         SELECT $1, l.* FROM jsonb_to_recordset($2::jsonb) AS l
           ("namespace" text, "providerType" text, "version" text, "platform" text, "outcome" text, "bytes" bigint,
            "errorCode" text, "message" text)
         ON CONFLICT ON CONSTRAINT uq_mirror_sync_line DO UPDATE SET outcome = excluded.outcome,
           bytes = excluded.bytes, error_code = excluded.error_code, message = excluded.message, created_at = now()
         RETURNING xmax = 0 AS is_new, bytes)
       SELECT (count(*) FILTER (WHERE is_new))::int AS added, coalesce(sum(bytes), 0) AS bytes FROM written`,
      [lease.syncId, JSON.stringify(lines)],
    );
    await this.write(lease, 'packages_done = packages_done + $3, bytes_done = bytes_done + $4', [
      counted?.added ?? 0,
      Number(counted?.bytes ?? 0),
    ]);
  }

  /** What lines say was stored in a run: exact whatever happened to its workers. */
  async stored(syncId: string): Promise<{ packages: number; bytes: number }> {
    const [row] = await this.manager.query<{ packages: number; bytes: string }[]>(
      `SELECT count(*)::int AS packages, coalesce(sum(bytes), 0) AS bytes FROM mirror_sync_lines
       WHERE sync_id = $1 AND outcome = 'stored'`,
      [syncId],
    );
    return { packages: row!.packages, bytes: Number(row!.bytes) };
  }

  /** How far the run is, and where it would go on. */
  saveProgress(
    lease: SyncLeaseToken,
    { providersSynced, providersFailed, details }: SyncProgress,
  ): Promise<boolean> {
    return this.write(lease, 'providers_synced = $3, providers_failed = $4, details = $5::jsonb', [
      providersSynced,
      providersFailed,
      JSON.stringify(details),
    ]);
  }

  /** Ends a run that is held in this transaction; gives how long it took, in seconds. */
  async finish(lease: SyncLeaseToken, end: SyncEnd): Promise<number> {
    const { status, errorMessage, providersSynced, providersFailed, details } = end;
    const [rows] = await this.manager.query<[{ seconds: number }[], number]>(
      `UPDATE mirror_syncs SET status = $3, error_message = $4, providers_synced = $5, providers_failed = $6,
         details = $7::jsonb, completed_at = now(), lease_until = NULL
       WHERE ${OF_LEASE} RETURNING extract(epoch FROM now() - started_at)::float8 AS seconds`,
      [
        lease.syncId,
        lease.token,
        status,
        errorMessage,
        providersSynced,
        providersFailed,
        JSON.stringify(details),
      ],
    );
    return rows[0]?.seconds ?? 0;
  }

  private async write(
    { syncId, token }: SyncLeaseToken,
    assignments: string,
    values: readonly unknown[] = [],
  ): Promise<boolean> {
    const [, changed] = await this.manager.query<[unknown, number]>(
      `UPDATE mirror_syncs SET ${assignments} WHERE ${OF_LEASE}`,
      [syncId, token, ...values],
    );
    return changed === 1;
  }
}

/** `now()` and the milliseconds of parameter `$n`. */
function later(parameter: number): string {
  return `now() + make_interval(secs => $${parameter}::double precision / 1000)`;
}
