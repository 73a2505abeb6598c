import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { MembershipSource } from '../domain/member.js';

/** Table `memberships`: a user in an organization, with the role that says what they may do there. */
@Entity('memberships')
export class MembershipEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_membership' })
  organizationId!: string;

  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_membership' })
  userId!: string;

  @Column('uuid', { nullable: true })
  roleTemplateId!: string | null;

  /** Given by hand, or by a group of the identity provider. */
  @Column('text', { default: 'manual' })
  source!: MembershipSource;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}
