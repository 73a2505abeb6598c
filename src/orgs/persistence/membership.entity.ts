import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** Table `memberships`: a user in an organization, with the role that says what they may do there. */
@Entity('memberships')
export class MembershipEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_membership' })
  organizationId!: string;

  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_membership' })
  userId!: string;

  @Column('uuid', { nullable: true })
  roleTemplateId!: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}
