import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { SetupState } from '../domain/setup-state.js';

/** Table `setup_state`: one row, made by the migration. */
@Entity('setup_state')
export class SetupStateEntity implements SetupState {
  @PrimaryColumn('smallint', { primaryKeyConstraintName: 'pk_setup_state' })
  id!: number;

  @Column('bytea', { nullable: true })
  tokenDigest!: Buffer | null;

  @Column('timestamptz', { nullable: true })
  tokenCreatedAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  storageConfiguredAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  completedAt!: Date | null;
}
