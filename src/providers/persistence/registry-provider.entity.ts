import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';
import type { RegistryProvider } from '../domain/registry-provider.js';

/** Table `registry_providers`. Unique by namespace without case, type and upstream host. */
@Entity('registry_providers')
export class RegistryProviderEntity implements RegistryProvider {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_provider' })
  id: string;

  /** NULL only in a tombstone that outlived its organization; such a row is never served. */
  @Column('uuid', { nullable: true })
  organizationId: string;

  @Column('text')
  namespace: string;

  @Column('text')
  type: string;

  @Column({ type: 'text', collation: 'C', default: '' })
  upstreamHost: string;

  @Column('text', { nullable: true })
  heldBackReason: string | null;

  @Column('text', { nullable: true })
  description: string | null;

  @Column('text', { nullable: true })
  source: string | null;

  @Column('uuid', { nullable: true })
  createdBy: string | null;

  @Column('text', { nullable: true })
  createdByName: string | null;

  @Column('timestamptz', { nullable: true })
  deletedAt: Date | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt: Date;
}
