import type { MigrationPlan, StorageMigration } from '../domain/storage-migration.js';
import type { MigrationFailure } from '../domain/storage-migration-failure.js';
import type { MigrationProgress } from '../storage-migration-reports.service.js';
import type {
  StorageMigrationDetailDto,
  StorageMigrationDto,
  StorageMigrationErrorDto,
  StorageMigrationPlanDto,
} from './storage-migrations.dto.js';

export function presentPlan({ source, target, toMove, inTarget }: MigrationPlan): StorageMigrationPlanDto {
  return { dry_run: true, source, target, to_move: toMove, in_target: inTarget };
}

export function presentMigration(migration: StorageMigration): StorageMigrationDto {
  const { id, source, target, state } = migration;
  return {
    id,
    source,
    target,
    state,
    verify: migration.readsBack,
    // What was published into the source meanwhile is moved as well, before it is counted again.
    total: {
      objects: Math.max(migration.objectsTotal, migration.objectsCopied),
      bytes: Math.max(migration.bytesTotal, migration.bytesCopied),
    },
    copied: { objects: migration.objectsCopied, bytes: migration.bytesCopied },
    verified: { objects: migration.objectsVerified, bytes: migration.bytesVerified },
    bytes_per_second: migration.bytesPerSecond,
    worker: migration.leaseHolder,
    waiting_until: textOf(migration.waitUntil),
    last_error: migration.lastError,
    created_by: migration.createdBy,
    created_at: migration.createdAt.toISOString(),
    started_at: textOf(migration.startedAt),
    finished_at: textOf(migration.finishedAt),
  };
}

export function presentProgress(progress: MigrationProgress): StorageMigrationDetailDto {
  const { migration, failed, failures, inSource, inTarget } = progress;
  return {
    ...presentMigration(migration),
    failed,
    errors: failures.map(presentFailure),
    in_source: inSource.used,
    left_to_sweep: inSource.leftToSweep,
    in_target: inTarget,
  };
}

function presentFailure(failure: MigrationFailure): StorageMigrationErrorDto {
  const { key, phase, reason, message, attempts, nextAttemptAt, failedAt } = failure;
  const times = { next_attempt_at: textOf(nextAttemptAt), failed_at: failedAt.toISOString() };
  return { key, phase, reason, message, attempts, ...times };
}

function textOf(time: Date | null): string | null {
  return time?.toISOString() ?? null;
}
