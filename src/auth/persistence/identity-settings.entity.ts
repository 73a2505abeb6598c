import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import type { ProviderType } from '../domain/sign-in-provider.js';

/** Table `identity_settings`: identity providers set at run time; at most one is active. */
@Entity('identity_settings')
export class IdentitySettingsEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_identity_settings' })
  id!: string;

  @Column('text')
  name!: string;

  @Column('text')
  providerType!: ProviderType;

  @Column('text')
  issuerUrl!: string;

  @Column('text')
  clientId!: string;

  /** Sealed for this row. */
  @Column('bytea')
  clientSecret!: Buffer;

  @Column('text')
  redirectUrl!: string;

  @Column('text', { array: true })
  scopes!: string[];

  @Column('jsonb', { nullable: true })
  extraConfig!: Record<string, unknown> | null;

  @Column('boolean')
  isActive!: boolean;

  @Column('uuid', { nullable: true })
  createdBy!: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;
}
