import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AuditMetadata } from '../domain/audit-entry.js';

/** Table `audit_entries`. A trigger refuses every change, except removal by the retention and erasure of a person. */
@Entity('audit_entries')
export class AuditEntryEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_audit_entry' })
  id!: string;

  /** The id of an organization, or `platform`. */
  @Column('text')
  chain!: string;

  /** From 1, without gaps. */
  @Column('bigint', { transformer: { to: (value: number) => value, from: Number } })
  chainSeq!: number;

  @Column('text')
  previousHash!: string;

  @Column('text')
  hash!: string;

  @Column('text', { nullable: true })
  detailsSalt!: string | null;

  @Column('text')
  detailsDigest!: string;

  @Column('uuid', { nullable: true })
  userId!: string | null;

  @Column('text', { nullable: true })
  userEmail!: string | null;

  @Column('text', { nullable: true })
  userName!: string | null;

  @Column('text')
  actorKind!: string;

  @Column('text', { nullable: true })
  actorId!: string | null;

  @Column('uuid', { nullable: true })
  organizationId!: string | null;

  @Column('text')
  action!: string;

  @Column('text', { nullable: true })
  resourceType!: string | null;

  @Column('text', { nullable: true })
  resourceId!: string | null;

  @Column('jsonb')
  metadata!: AuditMetadata;

  @Column('text', { nullable: true })
  ipAddress!: string | null;

  @Column('timestamptz')
  createdAt!: Date;
}
