import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';
import type { AutoApprovalRules, KeyTrustLevel } from '../domain/mirror.js';

/** Table `mirrors`: what is copied from which upstream registry. */
@Entity('mirrors')
export class MirrorEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_mirror' })
  id!: string;

  @Column('text')
  name!: string;

  @Column('text', { nullable: true })
  description!: string | null;

  @Column('text')
  upstreamUrl!: string;

  @Column({ type: 'text', collation: 'C' })
  upstreamHost!: string;

  /** Sealed for the row; null without one. */
  @Column('bytea', { nullable: true })
  upstreamToken!: Buffer | null;

  @Column('uuid', { nullable: true })
  organizationId!: string | null;

  @Column('text', { array: true, default: () => `'{}'` })
  namespaceFilter!: string[];

  @Column('text', { array: true, default: () => `'{}'` })
  providerFilter!: string[];

  @Column('text', { default: '' })
  versionFilter!: string;

  @Column('text', { array: true, default: () => `'{}'` })
  platformFilter!: string[];

  @Column('boolean', { default: false })
  withPrereleases!: boolean;

  @Column('text', { default: 'partner' })
  keyTrust!: KeyTrustLevel;

  @Column('integer', { default: 0 })
  coolDownDays!: number;

  @Column('jsonb', { nullable: true })
  autoApproval!: AutoApprovalRules | null;

  @Column('boolean', { default: false })
  isPullThrough!: boolean;

  @Column('text', { array: true, default: () => `'{}'` })
  moduleNamespaces!: string[];

  @Column('integer', { nullable: true })
  keepVersions!: number | null;

  @Column('integer', { nullable: true })
  keepUsedDays!: number | null;

  @Column('boolean', { default: true })
  isEnabled!: boolean;

  @Column('integer', { default: 24 })
  syncIntervalHours!: number;

  @Column('timestamptz', { nullable: true })
  nextSyncAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  lastSyncAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  lastSuccessAt!: Date | null;

  @Column('text', { nullable: true })
  lastSyncStatus!: 'in_progress' | 'success' | 'failed' | null;

  @Column('text', { nullable: true })
  lastSyncError!: string | null;

  @Column('uuid', { nullable: true })
  createdBy!: string | null;

  @Column('text', { nullable: true })
  createdByName!: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
