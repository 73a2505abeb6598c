import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { SigningKey } from '../domain/signing-key.js';

/** Table `signing_keys`: public keys whose signatures count for a namespace. Rows are never deleted. */
@Entity('signing_keys')
export class SigningKeyEntity implements SigningKey {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'pk_signing_key' })
  id!: string;

  @Column('uuid')
  claimId!: string;

  @Column('text')
  fingerprint!: string;

  @Column('text')
  keyId!: string;

  @Column('text')
  asciiArmor!: string;

  @Column('timestamptz', { nullable: true })
  revokedAt!: Date | null;

  @Column('text', { nullable: true })
  revocationReason!: string | null;

  @Column('boolean', { default: false })
  isCompromised!: boolean;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}
