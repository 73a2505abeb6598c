import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** Table `mirrored_providers`: providers of an upstream that a mirror has gone through. */
@Entity('mirrored_providers')
export class MirroredProviderEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_mirrored_provider' })
  id!: string;

  /** `null`: the mirror was deleted. */
  @Column('uuid', { nullable: true })
  mirrorId!: string | null;

  /** `null`: nothing of it is here yet. */
  @Column('uuid', { nullable: true })
  providerId!: string | null;

  @Column({ type: 'text', collation: 'C' })
  upstreamHost!: string;

  @Column('text')
  namespace!: string;

  @Column('text')
  providerType!: string;

  @Column('boolean', { default: true })
  isSyncEnabled!: boolean;

  /** ETag of the upstream's list; kept only when a run left nothing to do. */
  @Column('text', { nullable: true })
  listingEtag!: string | null;

  /** Digest of what the list was planned with; with another one the list is asked for anew. */
  @Column('text', { nullable: true })
  listingBasis!: string | null;

  @Column('text', { nullable: true })
  highestVersion!: string | null;

  @Column('timestamptz', { nullable: true })
  lastSyncedAt!: Date | null;

  @Column('text', { nullable: true })
  lastSyncVersion!: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;
}
