import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ScrubCycle } from '../domain/scrub-cycle.js';

const NUMBER = { to: (value: number) => value, from: Number };

/** Table `storage_scrubs`: how far reading everything again is, storage by storage. */
@Entity('storage_scrubs')
export class StorageScrubEntity implements ScrubCycle {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_storage_scrub' })
  storage!: string;

  @Column('timestamptz', { nullable: true })
  cycleStartedAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  cycleEndedAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  lastFullCycleAt!: Date | null;

  @Column('bigint', { default: 0, transformer: NUMBER })
  objects!: number;

  @Column('bigint', { default: 0, transformer: NUMBER })
  bytes!: number;

  @Column('bigint', { default: 0, transformer: NUMBER })
  damaged!: number;

  @Column('bigint', { default: 0, transformer: NUMBER })
  repaired!: number;

  @Column('text', { nullable: true })
  problem!: string | null;

  @Column('timestamptz', { nullable: true })
  retryAt!: Date | null;

  @Column('uuid', { nullable: true })
  leaseHolder!: string | null;

  @Column('timestamptz', { nullable: true })
  leaseUntil!: Date | null;
}
