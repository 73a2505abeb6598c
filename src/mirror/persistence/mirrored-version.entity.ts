import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** Table `mirrored_versions`: versions that an upstream lists, since when, and which of them are here. */
@Entity('mirrored_versions')
export class MirroredVersionEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_mirrored_version' })
  id!: string;

  @Column('uuid')
  mirroredProviderId!: string;

  /** `null`: it is not here. */
  @Column('uuid', { nullable: true })
  providerVersionId!: string | null;

  @Column('text')
  upstreamVersion!: string;

  @Column('timestamptz', { default: () => 'now()' })
  firstSeenAt!: Date;

  @Column('timestamptz', { nullable: true })
  syncedAt!: Date | null;

  @Column('text', { nullable: true })
  keyFingerprint!: string | null;

  /** Whether the key counted already when its release was fetched. */
  @Column('boolean', { nullable: true })
  isKeyApproved!: boolean | null;

  @Column('boolean', { default: false })
  isPinned!: boolean;

  /** Who let it through before its cool-down was over. */
  @Column('uuid', { nullable: true })
  releasedBy!: string | null;

  @Column('timestamptz', { nullable: true })
  releasedAt!: Date | null;
}
