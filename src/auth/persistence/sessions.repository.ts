import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SessionConfig } from '../../config/session.config.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { NamedQuery } from '../../platform/database/named-query.js';
import type { ListedSession, ProviderLogout, Session } from '../domain/session.js';
import { SessionEntity } from './session.entity.js';

/** What a new session consists of. */
export type NewSession = Pick<
  SessionEntity,
  | 'id'
  | 'userId'
  | 'method'
  | 'secretDigest'
  | 'handleDigest'
  | 'isLimited'
  | 'identityId'
  | 'idToken'
  | 'refreshToken'
  | 'sid'
  | 'returnTo'
  | 'ipAddress'
  | 'userAgent'
>;

interface SessionRow {
  id: string;
  user_id: string;
  method: Session['method'];
  identity_id: string | null;
  is_limited: boolean;
  created_at: Date;
  expires_at: Date;
  handle_digest: Buffer;
  previous_digests: Buffer[];
  is_use_due: boolean;
}

/** Time is that of the database, so replicas with other clocks agree. Signing in for development has no idle end. */
const ALIVE = `s.expires_at > now()
  AND (s.method = 'development' OR s.last_used_at > now() - $2 * interval '1 millisecond')`;
const SELECT = `
  SELECT s.id, s.user_id, s.method, s.identity_id, s.is_limited, s.created_at, s.expires_at, s.handle_digest,
    ARRAY(SELECT decode(old->>'digest', 'hex') FROM jsonb_array_elements(s.previous_handles) old
      WHERE (old->>'until')::timestamptz > now()) AS previous_digests,
    s.last_used_at < now() - interval '1 minute' AS is_use_due
  FROM sessions s`;
/** How many replaced handles are remembered; more within their life are nothing a client does. */
const MOST_PREVIOUS = 20;

/** Sessions. Joins the ambient transaction. */
@Injectable()
export class SessionsRepository extends BaseRepository<SessionEntity> {
  private readonly bySecret: NamedQuery<SessionRow>;
  private readonly byId: NamedQuery<SessionRow>;
  private readonly idleMs: number;
  private readonly lifeMs: number;

  constructor(dataSource: DataSource, { ttlMs, idleTtlMs }: SessionConfig) {
    super(SessionEntity, dataSource);
    this.idleMs = idleTtlMs;
    this.lifeMs = ttlMs;
    this.bySecret = new NamedQuery(
      dataSource,
      'session-by-secret',
      `${SELECT} WHERE s.secret_digest = $1 AND ${ALIVE}`,
    );
    this.byId = new NamedQuery(dataSource, 'session-by-id', `${SELECT} WHERE s.id = $1 AND ${ALIVE}`);
  }

  /** The live session whose secret has this digest, in one indexed statement. */
  async findBySecret(digest: Buffer): Promise<Session | undefined> {
    const [row] = await this.bySecret.run([digest, this.idleMs]);
    return row && sessionOf(row);
  }

  /** The live session with this id. */
  async findById(id: string): Promise<Session | undefined> {
    const [row] = await this.byId.run([id, this.idleMs]);
    return row && sessionOf(row);
  }

  /** The live sessions of a user, the latest first. */
  async listOf(userId: string): Promise<ListedSession[]> {
    const rows: {
      id: string;
      created_at: Date;
      last_used_at: Date;
      ip_address: string | null;
      user_agent: string | null;
    }[] = await this.manager.query(
      `SELECT s.id, s.created_at, s.last_used_at, s.ip_address, s.user_agent FROM sessions s
       WHERE s.user_id = $1 AND ${ALIVE} ORDER BY s.created_at DESC, s.id`,
      [userId, this.idleMs],
    );
    return rows.map((row) => ({
      id: row.id,
      createdAt: row.created_at,
      lastUsedAt: row.last_used_at,
      ipAddress: row.ip_address,
      userAgent: row.user_agent,
    }));
  }

  /** Stores a session; gives when it ends. */
  async add(session: NewSession): Promise<Date> {
    const [row]: { expires_at: Date }[] = await this.manager.query(
      `INSERT INTO sessions (id, user_id, method, secret_digest, handle_digest, previous_handles, is_limited,
         identity_id, id_token, sid, return_to, ip_address, user_agent, expires_at, refresh_token, groups_asked_at)
       VALUES ($1, $2, $3, $4, $5, '[]', $6, $7, $8, $9, $10, $11, $12, now() + $13 * interval '1 millisecond',
         $14, now())
       RETURNING expires_at`,
      [
        session.id,
        session.userId,
        session.method,
        session.secretDigest,
        session.handleDigest,
        session.isLimited,
        session.identityId,
        session.idToken,
        session.sid,
        session.returnTo,
        session.ipAddress,
        session.userAgent,
        this.lifeMs,
        session.refreshToken,
      ],
    );
    return row!.expires_at;
  }

  /**
   * Gives a live session a new handle and a whole life; the present handle stays good for `graceMs`. When it ends
   * then, or `undefined` for no such session.
   */
  async renew(id: string, handleDigest: Buffer, graceMs: number): Promise<Date | undefined> {
    const [rows]: [{ expires_at: Date }[], number] = await this.manager.query(
      `UPDATE sessions s SET handle_digest = $3, last_used_at = now(),
         expires_at = now() + $4 * interval '1 millisecond',
         previous_handles = jsonb_build_array(jsonb_build_object('digest', encode(s.handle_digest, 'hex'),
             'until', now() + $5 * interval '1 millisecond'))
           || coalesce((SELECT jsonb_agg(kept.old) FROM (
                SELECT old FROM jsonb_array_elements(s.previous_handles) old
                WHERE (old->>'until')::timestamptz > now() LIMIT $6) kept), '[]')
       WHERE s.id = $1 AND ${ALIVE} RETURNING s.expires_at`,
      [id, this.idleMs, handleDigest, this.lifeMs, graceMs, MOST_PREVIOUS - 1],
    );
    return rows[0]?.expires_at;
  }

  /** Gives a live session another secret and lifts its limit. When it ends, or `undefined` for no such session. */
  async replaceSecret(id: string, secretDigest: Buffer): Promise<Date | undefined> {
    const [rows]: [{ expires_at: Date }[], number] = await this.manager.query(
      `UPDATE sessions s SET secret_digest = $3, is_limited = false WHERE s.id = $1 AND ${ALIVE}
       RETURNING s.expires_at`,
      [id, this.idleMs, secretDigest],
    );
    return rows[0]?.expires_at;
  }

  /** Takes the address out to which a session goes on; the second time there is none. */
  async takeReturnTo(id: string): Promise<string | undefined> {
    const rows: { return_to: string }[] = await this.manager.query(
      `WITH taken AS (SELECT id, return_to FROM sessions WHERE id = $1 AND return_to IS NOT NULL FOR UPDATE),
         cleared AS (UPDATE sessions s SET return_to = NULL FROM taken WHERE s.id = taken.id)
       SELECT return_to FROM taken`,
      [id],
    );
    return rows[0]?.return_to;
  }

  /** The sealed identity token of a session. */
  async idTokenOf(id: string): Promise<Buffer | null> {
    const row = await this.repository.findOne({ select: { id: true, idToken: true }, where: { id } });
    return row?.idToken ?? null;
  }

  /** Removes one session; gives whose it was, or `undefined` for no such session. */
  async remove(id: string): Promise<string | undefined> {
    const [rows]: [{ user_id: string }[], number] = await this.manager.query(
      `DELETE FROM sessions WHERE id = $1 RETURNING user_id`,
      [id],
    );
    return rows[0]?.user_id;
  }

  /** Removes the sessions of a user except one; gives how many there were. */
  async removeOf(userId: string, except: string | null): Promise<number> {
    const [, count]: [unknown[], number] = await this.manager.query(
      `DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2::uuid`,
      [userId, except],
    );
    return count;
  }

  /**
   * Removes the sessions that an identity provider ended; gives whose they were, one entry for each. Those without a
   * `sid` of their own end with their subject.
   */
  async removeAtProvider({ issuer, identityIds, subject, sid }: ProviderLogout): Promise<string[]> {
    const [rows]: [{ user_id: string }[], number] = await this.manager.query(
      `DELETE FROM sessions s USING users u
       WHERE u.id = s.user_id AND u.oidc_issuer = $1 AND s.identity_id = ANY($2::text[])
         AND ($3::text IS NULL OR u.oidc_sub = $3)
         AND ($4::text IS NULL OR s.sid = $4 OR (s.sid IS NULL AND $3::text IS NOT NULL))
       RETURNING s.user_id`,
      [issuer, identityIds, subject ?? null, sid ?? null],
    );
    return rows.map((row) => row.user_id);
  }

  /** Notes that sessions were used now. */
  async markUsed(ids: readonly string[]): Promise<void> {
    await this.manager.query(`UPDATE sessions SET last_used_at = now() WHERE id = ANY($1::uuid[])`, [ids]);
  }

  /** Removes what ended by itself; gives how many there were. */
  async removeEnded(): Promise<number> {
    const [, count]: [unknown[], number] = await this.manager.query(
      `DELETE FROM sessions WHERE expires_at <= now()
         OR (method <> 'development' AND last_used_at <= now() - $1 * interval '1 millisecond')`,
      [this.idleMs],
    );
    return count;
  }
}

function sessionOf(row: SessionRow): Session {
  return {
    id: row.id,
    userId: row.user_id,
    method: row.method,
    identityId: row.identity_id,
    isLimited: row.is_limited,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    handleDigests: [row.handle_digest, ...row.previous_digests],
    isUseDue: row.is_use_due,
  };
}
