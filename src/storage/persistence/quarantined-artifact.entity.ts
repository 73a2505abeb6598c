import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Table `quarantined_artifacts`: objects whose bytes nobody is given, wherever they are stored. */
@Entity('quarantined_artifacts')
export class QuarantinedArtifactEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_quarantined_artifact' })
  key!: string;

  @Column('timestamptz', { default: () => 'now()' })
  since!: Date;
}
