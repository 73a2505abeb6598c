import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { ProviderVersion, ProviderVersionState, ReleaseSigner } from '../domain/provider-version.js';

/** Table `provider_versions`. Unique by provider and canonical version; tombstones stay. */
@Entity('provider_versions')
export class ProviderVersionEntity implements ProviderVersion {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_provider_version' })
  id: string;

  @Column('uuid')
  providerId: string;

  @Column('text')
  version: string;

  @Column({ type: 'text', collation: 'C' })
  sortKey: string;

  @Column('text')
  state: ProviderVersionState;

  @Column('text', { nullable: true })
  stateReason: string | null;

  @Column('text', { array: true })
  protocols: string[];

  @Column('text')
  signedBy: ReleaseSigner;

  @Column('text')
  signingKeyFingerprint: string;

  @Column('text')
  signingKeyArmor: string;

  @Column('text', { nullable: true })
  publisherKeyArmor: string | null;

  @Column('text')
  shasums: string;

  @Column('bytea')
  signature: Buffer;

  @Column('uuid', { nullable: true })
  shasumsArtifactId: string | null;

  @Column('uuid', { nullable: true })
  signatureArtifactId: string | null;

  @Column('uuid', { nullable: true })
  publishedBy: string | null;

  @Column('text', { nullable: true })
  publishedByName: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  publishedAt: Date;

  @Column('timestamptz', { nullable: true })
  deprecatedAt: Date | null;

  @Column('text', { nullable: true })
  deprecationMessage: string | null;

  @Column('text', { nullable: true })
  replacement: string | null;

  @Column('timestamptz', { nullable: true })
  deletedAt: Date | null;

  @Column('text', { nullable: true })
  deletedByName: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt: Date;
}
