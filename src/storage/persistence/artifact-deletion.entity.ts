import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Table `artifact_deletions`: objects whose row is gone and whose bytes are being removed. */
@Entity('artifact_deletions')
export class ArtifactDeletionEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_artifact_deletion' })
  storage: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_artifact_deletion' })
  key: string;

  @Column('timestamptz', { default: () => 'now()' })
  startedAt: Date;
}
