import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';

/** Table `mirror_approvals`: requests to mirror something, and how they were answered. Rows go with their mirror. */
@Entity('mirror_approvals')
export class MirrorApprovalEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_mirror_approval' })
  id!: string;

  @Column('uuid')
  mirrorId!: string;

  /** In lower case. */
  @Column('text')
  namespace!: string;

  @Column('text', { nullable: true })
  providerType!: string | null;

  @Column('text', { nullable: true })
  upstreamVersion!: string | null;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('text', { default: 'pending' })
  status!: 'pending' | 'approved' | 'rejected';

  @Column('uuid', { nullable: true })
  requestedBy!: string | null;

  @Column('text', { nullable: true })
  requestedByName!: string | null;

  @Column('uuid', { nullable: true })
  reviewedBy!: string | null;

  @Column('text', { nullable: true })
  reviewedByName!: string | null;

  @Column('timestamptz', { nullable: true })
  reviewedAt!: Date | null;

  @Column('text', { nullable: true })
  reviewNotes!: string | null;

  @Column('boolean', { default: false })
  isAutoApproved!: boolean;

  @Column('timestamptz', { nullable: true })
  expiresAt!: Date | null;

  /** When the end of the approval was recorded and acted upon. */
  @Column('timestamptz', { nullable: true })
  expiryAppliedAt!: Date | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
