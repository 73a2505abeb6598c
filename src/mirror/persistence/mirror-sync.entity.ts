import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { MirrorSync, SyncStatus, SyncTrigger } from '../domain/mirror-sync.js';

const NUMBER = { to: (value: number) => value, from: Number };

/** Table `mirror_syncs`: runs of mirrors, one of which at a time is running for each mirror. */
@Entity('mirror_syncs')
export class MirrorSyncEntity implements MirrorSync {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_mirror_sync' })
  id!: string;

  @Column('uuid')
  mirrorId!: string;

  @Column('text')
  triggeredBy!: SyncTrigger;

  @Column('text', { nullable: true })
  namespace!: string | null;

  @Column('text', { nullable: true })
  providerType!: string | null;

  @Column('text', { default: 'running' })
  status!: SyncStatus;

  @Column('boolean', { default: false })
  isCancelRequested!: boolean;

  @Column('bigint', { default: 0, transformer: NUMBER })
  leaseToken!: number;

  @Column('timestamptz', { nullable: true })
  leaseUntil!: Date | null;

  @Column('integer', { nullable: true })
  providersPlanned!: number | null;

  @Column('integer', { nullable: true })
  packagesPlanned!: number | null;

  @Column('integer', { default: 0 })
  packagesDone!: number;

  @Column('bigint', { default: 0, transformer: NUMBER })
  bytesDone!: number;

  @Column('integer', { default: 0 })
  providersSynced!: number;

  @Column('integer', { default: 0 })
  providersFailed!: number;

  @Column('text', { nullable: true })
  errorMessage!: string | null;

  @Column('jsonb', { nullable: true })
  details!: unknown;

  @Column('timestamptz', { default: () => 'now()' })
  startedAt!: Date;

  @Column('timestamptz', { nullable: true })
  completedAt!: Date | null;
}
