import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { MigrationState, StorageMigration } from '../domain/storage-migration.js';
import { StorageMigrationEntity } from './storage-migration.entity.js';

/** The right to work on a migration: what is written with a token that is not the present one changes nothing. */
export interface LeaseToken {
  readonly migrationId: string;
  readonly token: number;
}

/** What a batch of a verification found to be intact, and the key it came to. */
export interface VerifiedBatch {
  readonly objects: number;
  readonly bytes: number;
  readonly upTo: string;
}

const WORKING = `state IN ('planned', 'running', 'verifying')`;

/**
 * What the worker writes into `storage_migrations`. One process at a time has the lease of a migration; each write
 * is refused (`false`) when the lease went to another one, or when the migration was paused or cancelled. Times are
 * those of the database.
 */
@Injectable()
export class StorageMigrationLeasesRepository extends BaseRepository<StorageMigrationEntity> {
  constructor(dataSource: DataSource) {
    super(StorageMigrationEntity, dataSource);
  }

  /** Takes a migration that waits for a worker, in the transaction of the caller. */
  async take(holder: string, leaseMs: number): Promise<StorageMigration | undefined> {
    const [found] = await this.manager.query<{ id: string }[]>(
      `SELECT id FROM storage_migrations
       WHERE ${WORKING} AND coalesce(lease_until <= now(), true) AND coalesce(wait_until <= now(), true)
       ORDER BY lease_until NULLS FIRST, created_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
    );
    if (found === undefined) return undefined;
    await this.manager.query(
      `UPDATE storage_migrations
       SET lease_holder = $2, lease_token = lease_token + 1, lease_until = ${later(3)}, wait_until = NULL
       WHERE id = $1`,
      [found.id, holder, leaseMs],
    );
    return this.repository.findOneByOrFail({ id: found.id });
  }

  /** Turns a migration that nobody has worked on into a running one, in the transaction of the caller. */
  begin(lease: LeaseToken): Promise<boolean> {
    return this.write(lease, `state = 'running', started_at = now()`);
  }

  /** Keeps the lease. */
  renew(lease: LeaseToken, leaseMs: number, bytesPerSecond: number): Promise<boolean> {
    return this.write(lease, `lease_until = ${later(3)}, bytes_per_second = $4`, [leaseMs, bytesPerSecond]);
  }

  /** Gives the lease back; of several migrations the one that waited longest is taken next. */
  release(lease: LeaseToken, bytesPerSecond: number): Promise<boolean> {
    const values = [bytesPerSecond];
    return this.write(lease, `lease_holder = NULL, lease_until = now(), bytes_per_second = $3`, values);
  }

  /** Counts one moved object, in the transaction that moves it: the numbers are exact whatever happens. */
  countMoved(lease: LeaseToken, bytes: number, isVerified: boolean): Promise<boolean> {
    return this.write(
      lease,
      `objects_copied = objects_copied + 1, bytes_copied = bytes_copied + $3,
       objects_verified = objects_verified + $4, bytes_verified = bytes_verified + $3 * $4,
       waits = 0, last_error = NULL`,
      [bytes, isVerified ? 1 : 0],
      `AND state = 'running'`,
    );
  }

  /** Counts what a verification has read, together with the place it came to. */
  countVerified(lease: LeaseToken, { objects, bytes, upTo }: VerifiedBatch): Promise<boolean> {
    return this.write(
      lease,
      `objects_verified = objects_verified + $3, bytes_verified = bytes_verified + $4, verified_up_to = $5,
       waits = 0, last_error = NULL`,
      [objects, bytes, upTo],
      `AND state = 'verifying'`,
    );
  }

  /** What is left to move, as counted now. */
  countLeft(lease: LeaseToken, objects: number, bytes: number): Promise<boolean> {
    return this.write(lease, `objects_total = objects_copied + $3, bytes_total = bytes_copied + $4`, [
      objects,
      bytes,
    ]);
  }

  /** Nobody works on it for `waitMs`. `reason` is shown when a storage is waited for. */
  waitFor(lease: LeaseToken, waitMs: number, reason?: string): Promise<boolean> {
    return this.write(
      lease,
      `wait_until = ${later(3)}, waits = waits + CASE WHEN $4::text IS NULL THEN 0 ELSE 1 END,
       last_error = coalesce($4, last_error)`,
      [waitMs, reason ?? null],
    );
  }

  /** Ends the work with its result. */
  finish(lease: LeaseToken, state: MigrationState, lastError: string | null): Promise<boolean> {
    return this.write(
      lease,
      `state = $3, last_error = $4, finished_at = now(), verified_up_to = NULL, wait_until = NULL, waits = 0,
       lease_holder = NULL, lease_until = NULL, bytes_per_second = 0`,
      [state, lastError],
    );
  }

  private async write(
    { migrationId, token }: LeaseToken,
    assignments: string,
    values: readonly unknown[] = [],
    condition = '',
  ): Promise<boolean> {
    const [, changed] = await this.manager.query<[unknown, number]>(
      `UPDATE storage_migrations SET ${assignments}
       WHERE id = $1 AND lease_token = $2 AND ${WORKING} ${condition}`,
      [migrationId, token, ...values],
    );
    return changed === 1;
  }
}

/** `now()` and the milliseconds of parameter `$n`. */
function later(parameter: number): string {
  return `now() + make_interval(secs => $${parameter}::double precision / 1000)`;
}
