import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Table `pulled_module_versions`: what a mirror knows of the versions of modules that its upstream lists. */
@Entity('pulled_module_versions')
export class PulledModuleVersionEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_pulled_module_version' })
  mirrorId!: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_pulled_module_version', collation: 'C' })
  namespace!: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_pulled_module_version', collation: 'C' })
  name!: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_pulled_module_version', collation: 'C' })
  system!: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_pulled_module_version', collation: 'C' })
  version!: string;

  @Column('timestamptz', { default: () => 'now()' })
  firstSeenAt!: Date;

  /** When this mirror brought it here. */
  @Column('timestamptz', { nullable: true })
  pulledAt!: Date | null;
}
