import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Scope } from '../../access/scope.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { LoginCodeEntity } from './login-code.entity.js';

/** A code that is presented for the first time. */
export interface TakenLoginCode {
  readonly id: string;
  readonly userId: string;
  readonly organizationId: string;
  readonly sessionId: string;
  readonly redirectUri: string;
  readonly codeChallenge: string;
  readonly scopes: readonly Scope[];
  readonly isExpired: boolean;
}

/** The organization in which a user acts unless something else is said. */
export interface PrimaryOrganization {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
}

interface TakenRow {
  id: string;
  user_id: string;
  organization_id: string;
  session_id: string;
  redirect_uri: string;
  code_challenge: string;
  scopes: Scope[];
  is_expired: boolean;
}

/** Authorization codes of `terraform login`. Time is that of the database. Joins the ambient transaction. */
@Injectable()
export class LoginCodesRepository extends BaseRepository<LoginCodeEntity> {
  constructor(dataSource: DataSource) {
    super(LoginCodeEntity, dataSource);
  }

  /** Stores a code that lives `lifeMs`, and forgets those that were over long ago. */
  async add(
    code: Pick<
      LoginCodeEntity,
      'codeHash' | 'userId' | 'organizationId' | 'sessionId' | 'redirectUri' | 'codeChallenge' | 'scopes'
    >,
    lifeMs: number,
    keepMs: number,
  ): Promise<void> {
    await this.manager.query(
      `INSERT INTO login_codes (code_hash, user_id, organization_id, session_id, redirect_uri, code_challenge, scopes,
         expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8 * interval '1 millisecond')`,
      [
        code.codeHash,
        code.userId,
        code.organizationId,
        code.sessionId,
        code.redirectUri,
        code.codeChallenge,
        code.scopes,
        lifeMs,
      ],
    );
    await this.manager.query(
      `DELETE FROM login_codes WHERE expires_at < now() - $1 * interval '1 millisecond'`,
      [keepMs],
    );
  }

  /** Marks the code with this hash as used. `undefined` when there is none, or when somebody was faster. */
  async take(codeHash: Buffer): Promise<TakenLoginCode | undefined> {
    const [rows]: [TakenRow[], number] = await this.manager.query(
      `UPDATE login_codes SET used_at = clock_timestamp() WHERE code_hash = $1 AND used_at IS NULL
       RETURNING id, user_id, organization_id, session_id, redirect_uri, code_challenge, scopes,
         expires_at <= clock_timestamp() AS is_expired`,
      [codeHash],
    );
    return rows[0] && takenOf(rows[0]);
  }

  /** Notes which key was issued for a code. */
  async setKey(id: string, apiKeyId: string): Promise<void> {
    await this.repository.update({ id }, { apiKeyId });
  }

  /** The key that was issued for the code with this hash. */
  async keyIssuedFor(codeHash: Buffer): Promise<string | undefined> {
    const row = await this.repository.findOne({ select: { id: true, apiKeyId: true }, where: { codeHash } });
    return row?.apiKeyId ?? undefined;
  }

  /** The default organization where the user belongs to it, else the one they have belonged to for longest. */
  async primaryOrganizationOf(userId: string): Promise<PrimaryOrganization | undefined> {
    const rows: { id: string; name: string; display_name: string }[] = await this.manager.query(
      `SELECT o.id, o.name, o.display_name FROM memberships m JOIN organizations o ON o.id = m.organization_id
       WHERE m.user_id = $1 ORDER BY o.is_default DESC, m.created_at, o.id LIMIT 1`,
      [userId],
    );
    return rows[0] && { id: rows[0].id, name: rows[0].name, displayName: rows[0].display_name };
  }
}

function takenOf(row: TakenRow): TakenLoginCode {
  return {
    id: row.id,
    userId: row.user_id,
    organizationId: row.organization_id,
    sessionId: row.session_id,
    redirectUri: row.redirect_uri,
    codeChallenge: row.code_challenge,
    scopes: row.scopes,
    isExpired: row.is_expired,
  };
}
