import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { PublishedFrom } from '../../access/principal.js';
import { VersionLifeColumns } from '../../platform/database/version-life.columns.js';
import type { ProviderVersion, ReleaseSigner } from '../domain/provider-version.js';

/** Table `provider_versions`. Unique by provider and canonical version; tombstones stay. */
@Entity('provider_versions')
export class ProviderVersionEntity extends VersionLifeColumns implements ProviderVersion {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_provider_version' })
  id: string;

  @Column('uuid')
  providerId: string;

  @Column('text')
  version: string;

  @Column({ type: 'text', collation: 'C' })
  sortKey: string;

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
  docsArtifactId: string | null;

  @Column('text', { nullable: true })
  docsDigest: string | null;

  @Column('jsonb', { nullable: true })
  publishedFrom: PublishedFrom | null;
}
