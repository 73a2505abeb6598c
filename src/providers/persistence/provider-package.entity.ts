import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { ProviderPackage } from '../domain/provider-version.js';

/** Table `provider_packages`. Unique by version and platform; tombstones stay. */
@Entity('provider_packages')
export class ProviderPackageEntity implements ProviderPackage {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_provider_package' })
  id: string;

  @Column('uuid')
  versionId: string;

  @Column('text')
  os: string;

  @Column('text')
  arch: string;

  @Column('text')
  filename: string;

  @Column('text')
  digest: string;

  @Column('text')
  h1: string;

  @Column('bigint', { transformer: { to: (value: number) => value, from: Number } })
  sizeBytes: number;

  @Column('uuid', { nullable: true })
  artifactId: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt: Date;
}
