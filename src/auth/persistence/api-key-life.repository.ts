import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { ApiKeyEntity } from './api-key.entity.js';

const ROWS_PER_STATEMENT = 1_000;
const CLAIM_MINUTES = 10;

/** A key that ends soon, and whom to tell. */
export interface ExpiringKey {
  readonly id: string;
  readonly name: string;
  readonly keyPrefix: string;
  readonly expiresAt: Date;
  readonly organizationName: string;
  readonly ownerName: string;
  readonly ownerEmail: string;
}

/** A key that was revoked, and whose it was. */
export type RevokedKey = Omit<ExpiringKey, 'expiresAt'> & { readonly revokedAt: Date };

interface RevokedRow extends Omit<ExpiringRow, 'expires_at'> {
  revoked_at: Date;
}

interface ExpiringRow {
  id: string;
  name: string;
  key_prefix: string;
  expires_at: Date;
  organization_name: string;
  user_name: string;
  user_email: string;
}

/** The end of API keys: warnings before, removal after. Joins the ambient transaction. */
@Injectable()
export class ApiKeyLifeRepository extends BaseRepository<ApiKeyEntity> {
  constructor(dataSource: DataSource) {
    super(ApiKeyEntity, dataSource);
  }

  /** Keys of active users that end within `days` and whose owner was not warned, the first to end first. */
  async listExpiring(days: number): Promise<ExpiringKey[]> {
    const rows: ExpiringRow[] = await this.manager.query(
      `SELECT k.id, k.name, k.key_prefix, k.expires_at, o.display_name AS organization_name,
         u.name AS user_name, u.email AS user_email
       FROM api_keys k JOIN users u ON u.id = k.user_id AND u.is_active
       JOIN organizations o ON o.id = k.organization_id
       WHERE k.revoked_at IS NULL AND k.expiry_warned_at IS NULL
         AND k.expires_at > now() AND k.expires_at <= now() + $1 * interval '1 day'
       ORDER BY k.expires_at, k.id`,
      [days],
    );
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      keyPrefix: row.key_prefix,
      expiresAt: row.expires_at,
      organizationName: row.organization_name,
      ownerName: row.user_name,
      ownerEmail: row.user_email,
    }));
  }

  /** A revoked key of an active user. */
  async findRevoked(id: string): Promise<RevokedKey | undefined> {
    const [row]: RevokedRow[] = await this.manager.query(
      `SELECT k.id, k.name, k.key_prefix, k.revoked_at, o.display_name AS organization_name,
         u.name AS user_name, u.email AS user_email
       FROM api_keys k JOIN users u ON u.id = k.user_id AND u.is_active
       JOIN organizations o ON o.id = k.organization_id
       WHERE k.id = $1 AND k.revoked_at IS NOT NULL`,
      [id],
    );
    return (
      row && {
        id: row.id,
        name: row.name,
        keyPrefix: row.key_prefix,
        revokedAt: row.revoked_at,
        organizationName: row.organization_name,
        ownerName: row.user_name,
        ownerEmail: row.user_email,
      }
    );
  }

  /**
   * Takes the warning about a key, so that nobody else sends it; whether it was free. What is taken and neither
   * marked nor released is free again after some minutes: its process died.
   */
  async claimWarning({ id, expiresAt }: ExpiringKey): Promise<boolean> {
    const [, count]: [unknown, number] = await this.manager.query(
      `UPDATE api_keys SET expiry_warning_claimed_at = now()
       WHERE id = $1 AND expires_at = $2 AND revoked_at IS NULL AND expiry_warned_at IS NULL
         AND (expiry_warning_claimed_at IS NULL
           OR expiry_warning_claimed_at < now() - interval '${CLAIM_MINUTES} minutes')`,
      [id, expiresAt],
    );
    return count > 0;
  }

  /** Notes that the owner was told of this end of the key. */
  async markWarned({ id, expiresAt }: ExpiringKey): Promise<void> {
    await this.manager.query(
      `UPDATE api_keys SET expiry_warned_at = now(), expiry_warning_claimed_at = NULL
       WHERE id = $1 AND expires_at = $2`,
      [id, expiresAt],
    );
  }

  /** Gives the warning back: it was not sent. */
  async releaseWarning({ id }: ExpiringKey): Promise<void> {
    await this.manager.query('UPDATE api_keys SET expiry_warning_claimed_at = NULL WHERE id = $1', [id]);
  }

  /**
   * Removes keys that ended before `before`, and exchanged tokens that ended before `exchangedBefore`; how many.
   */
  async purge(before: Date, exchangedBefore: Date): Promise<number> {
    let total = 0;
    for (;;) {
      const [, count]: [unknown, number] = await this.manager.query(
        `DELETE FROM api_keys WHERE id IN (
           SELECT id FROM api_keys WHERE revoked_at < $1 OR expires_at < $1
             OR (trusted_publisher_id IS NOT NULL AND expires_at < $2)
           LIMIT ${ROWS_PER_STATEMENT})`,
        [before, exchangedBefore],
      );
      total += count;
      if (count < ROWS_PER_STATEMENT) return total;
    }
  }
}
