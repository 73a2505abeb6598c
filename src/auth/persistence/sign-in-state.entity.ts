import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ProviderId } from '../domain/sign-in-provider.js';

/**
 * Table `sign_in_states`: sign-ins under way. Only digests: nonce and PKCE verifier follow from the secret in the
 * cookie of the browser.
 */
@Entity('sign_in_states')
@Index('ix_sign_in_state_expires', ['expiresAt'])
export class SignInStateEntity {
  @PrimaryColumn('bytea', { primaryKeyConstraintName: 'pk_sign_in_state' })
  stateDigest!: Buffer;

  @Column('bytea')
  browserDigest!: Buffer;

  @Column('text')
  provider!: ProviderId;

  @Column('text')
  configurationId!: string;

  @Column('text', { nullable: true })
  returnTo!: string | null;

  @Column('timestamptz')
  expiresAt!: Date;
}
