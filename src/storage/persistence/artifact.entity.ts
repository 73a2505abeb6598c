import { Check, Column, Entity, Index, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Artifact, ArtifactState } from '../domain/artifact.js';
import type { Damage, RepairResult } from '../domain/scrub-damage.js';

/** Table `artifacts`: every object that the storage holds or is about to hold. Others refer to it by id only. */
@Entity('artifacts')
@Unique('uq_artifact_key', ['storage', 'key'])
@Check('ck_artifact_state', `state IN ('staged', 'committed', 'doomed')`)
@Check('ck_artifact_damage', '(damaged_at IS NULL) = (damage IS NULL)')
@Index('ix_artifact_state', ['state', 'stagedAt'])
@Index('ix_artifact_damaged', ['damagedAt', 'id'], { where: 'damaged_at IS NOT NULL' })
export class ArtifactEntity implements Artifact {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_artifact' })
  id: string;

  @Column('text')
  storage: string;

  @Column('text')
  key: string;

  @Column('text')
  digest: string;

  @Column('bigint', { transformer: { to: (value: number) => value, from: Number } })
  sizeBytes: number;

  @Column('text')
  state: ArtifactState;

  @Column('timestamptz', { default: () => 'now()' })
  stagedAt: Date;

  @Column('timestamptz', { nullable: true })
  committedAt: Date | null;

  @Column('timestamptz', { nullable: true })
  doomedAt: Date | null;

  @Column('timestamptz', { nullable: true })
  verifiedAt: Date | null;

  @Column('timestamptz', { nullable: true })
  unreadSince: Date | null;

  @Column('timestamptz', { nullable: true })
  damagedAt: Date | null;

  @Column('text', { nullable: true })
  damage: Damage | null;

  @Column('timestamptz', { nullable: true })
  repairTriedAt: Date | null;

  @Column('text', { nullable: true })
  repairResult: RepairResult | null;
}
