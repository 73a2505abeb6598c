import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';
import type { RegistryModule } from '../domain/registry-module.js';

/** Table `registry_modules`. Unique by address without case. */
@Entity('registry_modules')
export class RegistryModuleEntity implements RegistryModule {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_module' })
  id: string;

  /** NULL only in a tombstone that outlived its organization; such a row is never served. */
  @Column('uuid', { nullable: true })
  organizationId: string;

  @Column('text')
  namespace: string;

  @Column('text')
  name: string;

  @Column('text')
  system: string;

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
