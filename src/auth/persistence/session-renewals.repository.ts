import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SessionConfig } from '../../config/session.config.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { ProviderId } from '../domain/sign-in-provider.js';
import { SessionEntity } from './session.entity.js';

/** A session whose identity provider is to be asked again, by the one who claimed it. */
export interface DueSession {
  readonly id: string;
  readonly userId: string;
  readonly provider: ProviderId;
  /** The configuration with which it began. */
  readonly identityId: string;
  /** Sealed. */
  readonly refreshToken: Buffer;
  /** Whom the provider signed in then. */
  readonly issuer: string;
  readonly subject: string;
}

interface DueRow {
  id: string;
  user_id: string;
  method: ProviderId;
  identity_id: string;
  refresh_token: Buffer;
  oidc_issuer: string;
  oidc_sub: string;
}

/** Sessions that began with a refresh token. Times are those of the database. */
@Injectable()
export class SessionRenewalsRepository extends BaseRepository<SessionEntity> {
  private readonly idleMs: number;

  constructor(dataSource: DataSource, { idleTtlMs }: SessionConfig) {
    super(SessionEntity, dataSource);
    this.idleMs = idleTtlMs;
  }

  /**
   * Claims up to `limit` live sessions whose provider was not asked for `ageMs`, the longest ago first, except those
   * of the configurations `without`. Nobody else gets them before that time has passed again.
   */
  async claim(limit: number, ageMs: number, without: readonly string[]): Promise<DueSession[]> {
    const [rows]: [DueRow[], number] = await this.manager.query(
      `WITH due AS (
         SELECT s.id, u.oidc_issuer, u.oidc_sub FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.refresh_token IS NOT NULL AND s.groups_asked_at <= now() - $1 * interval '1 millisecond'
           AND s.expires_at > now() AND s.last_used_at > now() - $2 * interval '1 millisecond'
           AND u.is_active AND u.oidc_sub IS NOT NULL AND s.identity_id <> ALL($3::text[])
         ORDER BY s.groups_asked_at LIMIT $4 FOR UPDATE OF s SKIP LOCKED)
       UPDATE sessions s SET groups_asked_at = now() FROM due WHERE s.id = due.id
       RETURNING s.id, s.user_id, s.method, s.identity_id, s.refresh_token, due.oidc_issuer, due.oidc_sub`,
      [ageMs, this.idleMs, without, limit],
    );
    return rows.map((row) => ({
      id: row.id,
      userId: row.user_id,
      provider: row.method,
      identityId: row.identity_id,
      refreshToken: row.refresh_token,
      issuer: row.oidc_issuer,
      subject: row.oidc_sub,
    }));
  }

  /** Keeps the sealed refresh token for the next time; does nothing for a session that ended. */
  async keep(id: string, refreshToken: Buffer): Promise<void> {
    await this.manager.query('UPDATE sessions SET refresh_token = $2 WHERE id = $1', [id, refreshToken]);
  }
}
