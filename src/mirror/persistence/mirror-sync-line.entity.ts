import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { MirrorSyncLine } from '../domain/mirror-sync.js';

const NUMBER = { to: (value: number) => value, from: Number };
const IDENTITY = {
  type: 'bigint',
  generatedIdentity: 'ALWAYS',
  primaryKeyConstraintName: 'pk_mirror_sync_line',
} as const;

/** Table `mirror_sync_lines`: what became of each package in a run. */
@Entity('mirror_sync_lines')
export class MirrorSyncLineEntity implements MirrorSyncLine {
  /** Decimal digits; later lines have higher numbers. */
  @PrimaryGeneratedColumn('identity', IDENTITY)
  id!: string;

  @Column('uuid')
  syncId!: string;

  @Column('text')
  namespace!: string;

  @Column('text')
  providerType!: string;

  @Column('text')
  version!: string;

  @Column('text')
  platform!: string;

  @Column('text')
  outcome!: 'stored' | 'failed';

  @Column('bigint', { default: 0, transformer: NUMBER })
  bytes!: number;

  @Column('text', { nullable: true })
  errorCode!: string | null;

  @Column('text', { nullable: true })
  message!: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;
}
