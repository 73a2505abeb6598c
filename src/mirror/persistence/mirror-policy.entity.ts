import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';

/** Table `mirror_policies`: what mirrors may fetch; without organization for all of them. */
@Entity('mirror_policies')
export class MirrorPolicyEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_mirror_policy' })
  id!: string;

  @Column('uuid', { nullable: true })
  organizationId!: string | null;

  @Column('text')
  name!: string;

  @Column('text', { nullable: true })
  description!: string | null;

  @Column('text')
  policyType!: 'allow' | 'deny';

  @Column('text', { nullable: true })
  upstreamRegistry!: string | null;

  @Column('text', { nullable: true })
  namespacePattern!: string | null;

  @Column('text', { nullable: true })
  providerPattern!: string | null;

  @Column('integer', { default: 0 })
  priority!: number;

  @Column('boolean', { default: true })
  isActive!: boolean;

  @Column('boolean', { default: false })
  requiresApproval!: boolean;

  @Column('uuid', { nullable: true })
  createdBy!: string | null;

  @Column('text', { nullable: true })
  createdByName!: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
