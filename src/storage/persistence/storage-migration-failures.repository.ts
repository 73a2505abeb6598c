import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import {
  FAILURE_SENTENCES,
  type FailurePhase,
  type FailureReason,
  isGivenUp,
  type MigrationFailure,
  waitAfter,
} from '../domain/storage-migration-failure.js';
import { ArtifactReferencesRepository } from './artifact-references.repository.js';
import { StorageMigrationFailureEntity } from './storage-migration-failure.entity.js';

/** Why a migration cannot end yet, in objects. */
export interface FailureCount {
  readonly all: number;
  readonly givenUp: number;
  /** Until the first of the others is tried again; `null` when all are given up. */
  readonly nextInMs: number | null;
}

/** Objects that could not be moved so far. Times are those of the database. */
@Injectable()
export class StorageMigrationFailuresRepository extends BaseRepository<StorageMigrationFailureEntity> {
  constructor(
    dataSource: DataSource,
    private readonly references: ArtifactReferencesRepository,
  ) {
    super(StorageMigrationFailureEntity, dataSource);
  }

  /** Records one more failure of an object; after some of them it is given up, unless it is only unreachable. */
  async record(migrationId: string, key: string, phase: FailurePhase, reason: FailureReason): Promise<void> {
    const before = await this.repository.findOneBy({ migrationId, key });
    const attempts = (before?.attempts ?? 0) + 1;
    const isLast = phase === 'verify' || isGivenUp(reason, attempts);
    await this.manager.query(
      `INSERT INTO storage_migration_failures
         (migration_id, key, phase, reason, message, attempts, next_attempt_at)
       VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7::double precision / 1000))
       ON CONFLICT ON CONSTRAINT pk_storage_migration_failure DO UPDATE SET
         phase = excluded.phase, reason = excluded.reason, message = excluded.message,
         attempts = excluded.attempts, next_attempt_at = excluded.next_attempt_at, failed_at = now()`,
      [
        migrationId,
        key,
        phase,
        reason,
        FAILURE_SENTENCES[reason],
        attempts,
        isLast ? null : waitAfter(attempts),
      ],
    );
  }

  /** The object was moved, or nothing refers to it any more. */
  async forget(migrationId: string, key: string): Promise<void> {
    await this.repository.delete({ migrationId, key });
  }

  /** Forgets what a former verification found. */
  async forgetVerification(migrationId: string): Promise<void> {
    await this.repository.delete({ migrationId, phase: 'verify' });
  }

  /** Every object is tried again from now on, those that were given up too. */
  async retryAll(migrationId: string): Promise<void> {
    await this.manager.query(
      `UPDATE storage_migration_failures SET attempts = 0, next_attempt_at = now()
       WHERE migration_id = $1 AND phase = 'copy'`,
      [migrationId],
    );
  }

  /** Forgets the failures of objects that need not be moved any more. */
  async forgetGone(migrationId: string, source: string): Promise<void> {
    await this.manager.query(
      `DELETE FROM storage_migration_failures f WHERE migration_id = $1 AND phase = 'copy' AND NOT EXISTS
         (SELECT 1 FROM artifacts a WHERE a.storage = $2 AND a.key = f.key AND a.state = 'committed'
            AND ${await this.references.isReferenced('a')})`,
      [migrationId, source],
    );
  }

  async count(migrationId: string): Promise<FailureCount> {
    const [row] = await this.manager.query<{ all: number; givenUp: number; nextInMs: number | null }[]>(
      `SELECT count(*)::int AS all, (count(*) FILTER (WHERE next_attempt_at IS NULL))::int AS "givenUp",
         (extract(epoch FROM min(next_attempt_at) - now()) * 1000)::float8 AS "nextInMs"
       FROM storage_migration_failures WHERE migration_id = $1`,
      [migrationId],
    );
    return row!;
  }

  /** The latest failures. */
  list(migrationId: string, limit: number): Promise<MigrationFailure[]> {
    return this.repository.find({
      where: { migrationId },
      order: { failedAt: 'DESC', key: 'ASC' },
      take: limit,
    });
  }
}
