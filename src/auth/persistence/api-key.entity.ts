import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { PublishedFrom } from '../../access/principal.js';
import type { Scope } from '../../access/scope.js';

/**
 * Table `api_keys`. Of the key itself only a keyed digest is stored, unique, by which it is found. Keys end with
 * their user and with their organization.
 */
@Entity('api_keys')
export class ApiKeyEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_api_key' })
  id!: string;

  @Column('uuid')
  organizationId!: string;

  @Column('uuid', { nullable: true })
  userId!: string | null;

  @Column('text')
  name!: string;

  @Column('text', { default: '' })
  description!: string;

  @Column('text')
  keyPrefix!: string;

  @Column('bytea', { select: false })
  keyDigest!: Buffer;

  @Column('text', { array: true })
  scopes!: Scope[];

  @Column('timestamptz', { nullable: true })
  expiresAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  revokedAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  lastUsedAt!: Date | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  /** Set for tokens exchanged for the identity of a pipeline, which only their publisher ends. */
  @Column('uuid', { nullable: true })
  trustedPublisherId!: string | null;

  /** The folded names of the only namespaces that an exchanged token may touch. */
  @Column('text', { array: true, nullable: true })
  namespaces!: string[] | null;

  @Column('jsonb', { nullable: true })
  publishedFrom!: PublishedFrom | null;

  /** When a process set out to warn the owner; void after some minutes. */
  @Column('timestamptz', { nullable: true })
  expiryWarningClaimedAt!: Date | null;

  /** When the owner was warned that the key expires. */
  @Column('timestamptz', { nullable: true })
  expiryWarnedAt!: Date | null;
}
