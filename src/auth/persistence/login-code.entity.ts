import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { Scope } from '../../access/scope.js';

/** Table `login_codes`: the authorization codes of `terraform login`. Of a code only its SHA-256 is stored. */
@Entity('login_codes')
export class LoginCodeEntity {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_login_code' })
  id!: string;

  @Column('bytea', { select: false })
  codeHash!: Buffer;

  @Column('uuid')
  userId!: string;

  @Column('uuid')
  organizationId!: string;

  /** In which the user agreed. Only for the record: the session may have ended since. */
  @Column('uuid')
  sessionId!: string;

  @Column('text')
  redirectUri!: string;

  @Column('text')
  codeChallenge!: string;

  /** What the user agreed to. */
  @Column('text', { array: true })
  scopes!: Scope[];

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz')
  expiresAt!: Date;

  @Column('timestamptz', { nullable: true })
  usedAt!: Date | null;

  /** The key that was issued for it. */
  @Column('uuid', { nullable: true })
  apiKeyId!: string | null;
}
