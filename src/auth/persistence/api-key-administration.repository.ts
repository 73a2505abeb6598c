import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Scope } from '../../access/scope.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { ApiKey } from '../domain/api-key.js';
import { ApiKeyEntity } from './api-key.entity.js';

/** Which keys a list shows: those of a user, one more, and those of organizations. */
export interface KeySelection {
  readonly userId: string | null;
  /** Narrows the keys of `userId` to one organization. */
  readonly within: string | null;
  readonly keyId: string | null;
  readonly organizations: 'all' | readonly string[];
  /** Narrows everything to one organization. */
  readonly organizationId: string | null;
}

/** A key with its state, revoked ones too. */
export interface KeyState extends ApiKey {
  readonly revokedAt: Date | null;
  /** Whether it was exchanged for the identity of a pipeline. */
  readonly isExchanged: boolean;
}

/** What of a key can be changed. */
export type KeyChange = Partial<
  Pick<ApiKeyEntity, 'name' | 'description' | 'scopes' | 'expiresAt' | 'revokedAt'>
>;

interface KeyRow {
  id: string;
  organization_id: string;
  user_id: string | null;
  user_name: string | null;
  name: string;
  description: string;
  key_prefix: string;
  scopes: Scope[];
  expires_at: Date | null;
  revoked_at: Date | null;
  last_used_at: Date | null;
  created_at: Date;
  is_exchanged: boolean;
}

const SELECT = `
  SELECT k.id, k.organization_id, k.user_id, u.name AS user_name, k.name, k.description, k.key_prefix, k.scopes,
    k.expires_at, k.revoked_at, k.last_used_at, k.created_at, k.trusted_publisher_id IS NOT NULL AS is_exchanged
  FROM api_keys k LEFT JOIN users u ON u.id = k.user_id`;

/** API keys as what people manage. Joins the ambient transaction. */
@Injectable()
export class ApiKeyAdministrationRepository extends BaseRepository<ApiKeyEntity> {
  constructor(dataSource: DataSource) {
    super(ApiKeyEntity, dataSource);
  }

  /** The selected keys that are not revoked, newest first; never exchanged tokens. */
  async list({ userId, within, keyId, organizations, organizationId }: KeySelection): Promise<ApiKey[]> {
    const isAll = organizations === 'all';
    const rows: KeyRow[] = await this.manager.query(
      `${SELECT}
       WHERE k.revoked_at IS NULL AND k.trusted_publisher_id IS NULL
         AND ($1::boolean OR k.organization_id = ANY($2::uuid[]) OR k.id = $3::uuid
           OR (k.user_id = $4::uuid AND ($5::uuid IS NULL OR k.organization_id = $5::uuid)))
         AND ($6::uuid IS NULL OR k.organization_id = $6::uuid)
       ORDER BY k.created_at DESC, k.id`,
      [isAll, isAll ? [] : organizations, keyId, userId, within, organizationId],
    );
    return rows.map(stateOf);
  }

  /** Every key of an organization with its state, newest first; never exchanged tokens. */
  async listStates(organizationId: string): Promise<KeyState[]> {
    const rows: KeyRow[] = await this.manager.query(
      `${SELECT} WHERE k.organization_id = $1 AND k.trusted_publisher_id IS NULL
       ORDER BY k.created_at DESC, k.id`,
      [organizationId],
    );
    return rows.map(stateOf);
  }

  /** The key with this id. */
  async find(id: string): Promise<KeyState | undefined> {
    const rows: KeyRow[] = await this.manager.query(`${SELECT} WHERE k.id = $1`, [id]);
    return rows[0] && stateOf(rows[0]);
  }

  /** The same, kept from changing until the surrounding transaction ends. */
  async lock(id: string): Promise<KeyState | undefined> {
    const rows: KeyRow[] = await this.manager.query(`${SELECT} WHERE k.id = $1 FOR UPDATE OF k`, [id]);
    return rows[0] && stateOf(rows[0]);
  }

  /** Writes these fields. Another end may need another warning. */
  async change(id: string, change: KeyChange): Promise<void> {
    const isMoved = change.expiresAt !== undefined;
    await this.repository.update(id, {
      ...change,
      ...(isMoved && { expiryWarnedAt: null, expiryWarningClaimedAt: null }),
    });
  }

  /** The name of the role template that a user has in an organization. */
  async roleNameOf(userId: string, organizationId: string): Promise<string | undefined> {
    const rows: { name: string }[] = await this.manager.query(
      `SELECT r.name FROM memberships m JOIN role_templates r ON r.id = m.role_template_id
       WHERE m.user_id = $1 AND m.organization_id = $2`,
      [userId, organizationId],
    );
    return rows[0]?.name;
  }
}

function stateOf(row: KeyRow): KeyState {
  return {
    id: row.id,
    organizationId: row.organization_id,
    userId: row.user_id,
    userName: row.user_name,
    name: row.name,
    description: row.description,
    keyPrefix: row.key_prefix,
    scopes: row.scopes,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
    createdAt: row.created_at,
    isExchanged: row.is_exchanged,
  };
}
