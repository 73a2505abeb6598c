import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { SignInStateEntity } from './sign-in-state.entity.js';

/** A sign-in that was taken out of the table, by the only one who gets it. */
export interface TakenSignIn extends Pick<SignInStateEntity, 'provider' | 'configurationId' | 'returnTo'> {
  readonly isExpired: boolean;
}

interface TakenRow {
  provider: SignInStateEntity['provider'];
  configuration_id: string;
  return_to: string | null;
  is_expired: boolean;
}

/** Sign-ins under way. Times are those of the database. */
@Injectable()
export class SignInStatesRepository extends BaseRepository<SignInStateEntity> {
  constructor(dataSource: DataSource) {
    super(SignInStateEntity, dataSource);
  }

  /** Stores a sign-in for `lifeSeconds`, and removes those that ended long ago. */
  async add(state: Omit<SignInStateEntity, 'expiresAt'>, lifeSeconds: number): Promise<void> {
    await this.manager.query(
      `WITH ended AS (
         DELETE FROM sign_in_states WHERE state_digest IN (
           SELECT state_digest FROM sign_in_states WHERE expires_at < now() - interval '1 hour' LIMIT 100
           FOR UPDATE SKIP LOCKED))
       INSERT INTO sign_in_states (state_digest, browser_digest, provider, configuration_id, return_to, expires_at)
       VALUES ($1, $2, $3, $4, $5, now() + $6 * interval '1 second')`,
      [
        state.stateDigest,
        state.browserDigest,
        state.provider,
        state.configurationId,
        state.returnTo,
        lifeSeconds,
      ],
    );
  }

  /**
   * Takes the sign-in with this state away, if it belongs to this browser or its time is over. Of several callers
   * one gets it; the others, and other browsers, get nothing.
   */
  async take(stateDigest: Buffer, browserDigest: Buffer | undefined): Promise<TakenSignIn | undefined> {
    const [rows]: [TakenRow[], number] = await this.manager.query(
      `DELETE FROM sign_in_states WHERE state_digest = $1 AND (browser_digest = $2 OR expires_at <= now())
       RETURNING provider, configuration_id, return_to, expires_at <= now() AS is_expired`,
      [stateDigest, browserDigest ?? null],
    );
    const row = rows[0];
    return (
      row && {
        provider: row.provider,
        configurationId: row.configuration_id,
        returnTo: row.return_to,
        isExpired: row.is_expired,
      }
    );
  }
}
