import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { GroupMapping } from '../../config/oidc.config.js';

/** Table `identity_group_settings`: the group mapping of a configuration, where it was set at run time. */
@Entity('identity_group_settings')
export class IdentityGroupSettingsEntity {
  /** The stored configuration, or the nil UUID for that of file and environment. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_identity_group_settings' })
  configurationId!: string;

  @Column('text')
  groupClaimName!: string;

  @Column('jsonb')
  groupMappings!: GroupMapping[];

  @Column('text')
  defaultRole!: string;

  @Column('uuid', { nullable: true })
  updatedBy!: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}
