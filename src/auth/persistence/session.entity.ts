import { Column, CreateDateColumn, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { SessionMethod } from '../domain/session.js';

/** A handle that was replaced, and until when it is still good. */
export interface ReplacedHandle {
  /** SHA-256 of the handle, in hex. */
  readonly digest: string;
  readonly until: string;
}

/** Table `sessions`. Of secret and handles only digests are stored; a session that ended has no row. */
@Entity('sessions')
@Unique('uq_session_secret', ['secretDigest'])
@Index('ix_session_user', ['userId'])
@Index('ix_session_expires', ['expiresAt'])
@Index('ix_session_last_used', ['lastUsedAt'])
@Index('ix_session_sid', ['sid'])
@Index('ix_session_groups_asked', ['groupsAskedAt'], { where: 'refresh_token IS NOT NULL' })
export class SessionEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_session' })
  id!: string;

  @Column('uuid')
  userId!: string;

  @Column('text')
  method!: SessionMethod;

  @Column('bytea', { select: false })
  secretDigest!: Buffer;

  @Column('bytea', { select: false })
  handleDigest!: Buffer;

  @Column('jsonb', { select: false })
  previousHandles!: ReplacedHandle[];

  @Column('boolean')
  isLimited!: boolean;

  @Column('text', { nullable: true })
  identityId!: string | null;

  /** The identity token of the provider, sealed. */
  @Column('bytea', { nullable: true, select: false })
  idToken!: Buffer | null;

  /** With what the provider is asked for the groups again, sealed. */
  @Column('bytea', { nullable: true, select: false })
  refreshToken!: Buffer | null;

  /** When the provider was asked for the groups last. */
  @Column('timestamptz', { nullable: true, select: false })
  groupsAskedAt!: Date | null;

  /** The session at the provider, as the identity token named it. */
  @Column('text', { nullable: true })
  sid!: string | null;

  @Column('text', { nullable: true })
  returnTo!: string | null;

  @Column('text', { nullable: true })
  ipAddress!: string | null;

  @Column('text', { nullable: true })
  userAgent!: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  lastUsedAt!: Date;

  @Column('timestamptz')
  expiresAt!: Date;
}
