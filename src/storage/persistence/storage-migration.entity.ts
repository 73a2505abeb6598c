import { Check, Column, CreateDateColumn, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { MigrationState, StorageMigration } from '../domain/storage-migration.js';

const NUMBER = { to: (value: number) => value, from: Number };
const OPEN = `state IN ('planned', 'running', 'paused', 'verifying')`;

/** Table `storage_migrations`: moves of all objects of one storage to another. */
@Entity('storage_migrations')
@Check('ck_storage_migration_storages', 'source <> target')
@Index('uq_storage_migration_open', ['source'], { unique: true, where: OPEN })
@Index('ix_storage_migration_created', ['createdAt'])
export class StorageMigrationEntity implements StorageMigration {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_storage_migration' })
  id!: string;

  @Column('text')
  source!: string;

  @Column('text')
  target!: string;

  @Column('text')
  state!: MigrationState;

  @Column('boolean')
  readsBack!: boolean;

  @Column('bigint', { transformer: NUMBER })
  objectsTotal!: number;

  @Column('bigint', { transformer: NUMBER })
  bytesTotal!: number;

  @Column('bigint', { default: 0, transformer: NUMBER })
  objectsCopied!: number;

  @Column('bigint', { default: 0, transformer: NUMBER })
  bytesCopied!: number;

  @Column('bigint', { default: 0, transformer: NUMBER })
  objectsVerified!: number;

  @Column('bigint', { default: 0, transformer: NUMBER })
  bytesVerified!: number;

  @Column('text', { nullable: true })
  verifiedUpTo!: string | null;

  @Column('bigint', { default: 0, transformer: NUMBER })
  bytesPerSecond!: number;

  @Column('text', { nullable: true })
  leaseHolder!: string | null;

  @Column('bigint', { default: 0, transformer: NUMBER })
  leaseToken!: number;

  @Column('timestamptz', { nullable: true })
  leaseUntil!: Date | null;

  @Column('timestamptz', { nullable: true })
  waitUntil!: Date | null;

  @Column('integer', { default: 0 })
  waits!: number;

  @Column('text', { nullable: true })
  lastError!: string | null;

  @Column('uuid', { nullable: true })
  createdBy!: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { nullable: true })
  startedAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  finishedAt!: Date | null;
}
