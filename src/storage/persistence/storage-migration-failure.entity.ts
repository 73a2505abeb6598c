import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { FailurePhase, FailureReason, MigrationFailure } from '../domain/storage-migration-failure.js';

/** Table `storage_migration_failures`: objects that could not be moved so far, or are damaged in the target. */
@Entity('storage_migration_failures')
export class StorageMigrationFailureEntity implements MigrationFailure {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_storage_migration_failure' })
  migrationId!: string;

  /** Not a reference to the artifact: who is referred to is never swept. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_storage_migration_failure' })
  key!: string;

  @Column('text')
  phase!: FailurePhase;

  @Column('text')
  reason!: FailureReason;

  @Column('text')
  message!: string;

  @Column('integer')
  attempts!: number;

  @Column('timestamptz', { nullable: true })
  nextAttemptAt!: Date | null;

  @Column('timestamptz', { default: () => 'now()' })
  failedAt!: Date;
}
