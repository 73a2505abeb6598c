import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { LocalCredentialEntity } from './local-credential.entity.js';

const IS_OPEN = '(c.locked_until IS NULL OR c.locked_until <= now())';
/** A lock that is over starts the count anew. */
const FAILURES = 'CASE WHEN c.locked_until IS NULL THEN c.failures + 1 ELSE 1 END';

/** Passwords and what was tried against them. Time is that of the database. Joins the ambient transaction. */
@Injectable()
export class LocalCredentialsRepository extends BaseRepository<LocalCredentialEntity> {
  constructor(dataSource: DataSource) {
    super(LocalCredentialEntity, dataSource);
  }

  /** The stored hash of a user; `undefined` for somebody without a password. */
  async hashOf(userId: string): Promise<string | undefined> {
    const row = await this.repository.findOne({
      select: { userId: true, passwordHash: true },
      where: { userId },
    });
    return row?.passwordHash;
  }

  /** Whether a user has a password; without an id whether anybody who may sign in has one. */
  async exists(userId?: string): Promise<boolean> {
    const rows: unknown[] = await this.manager.query(
      `SELECT 1 FROM local_credentials c JOIN users u ON u.id = c.user_id
       WHERE CASE WHEN $1::uuid IS NULL THEN u.is_active ELSE c.user_id = $1 END LIMIT 1`,
      [userId ?? null],
    );
    return rows.length > 0;
  }

  /** Stores a password, the first or another one; failures and lock are over with it. */
  async put(userId: string, passwordHash: string, mustChange: boolean): Promise<void> {
    await this.manager.query(
      `INSERT INTO local_credentials (user_id, password_hash, must_change) VALUES ($1, $2, $3)
       ON CONFLICT (user_id) DO UPDATE SET password_hash = $2, must_change = $3, failures = 0,
         locked_until = NULL, changed_at = now()`,
      [userId, passwordHash, mustChange],
    );
  }

  /** Replaces a hash by a costlier one of the same password, unless the password changed meanwhile. */
  async replaceHash(userId: string, from: string, to: string): Promise<void> {
    await this.manager.query(
      'UPDATE local_credentials SET password_hash = $3 WHERE user_id = $1 AND password_hash = $2',
      [userId, from, to],
    );
  }

  /**
   * Does not wait for the disk at the end of this transaction, so that a sign-in that counts a failure takes no
   * longer than one with nothing to count.
   */
  async commitInBackground(): Promise<void> {
    await this.manager.query('SET LOCAL synchronous_commit TO off');
  }

  /**
   * Ends the count of failures after the right password, if the account is open, the person may sign in and the
   * password is still this one. Whether it must change; `undefined` when refused.
   */
  async accept(userId: string, passwordHash: string): Promise<boolean | undefined> {
    const [rows]: [{ must_change: boolean }[], number] = await this.manager.query(
      `UPDATE local_credentials c SET failures = 0, locked_until = NULL FROM users u
       WHERE c.user_id = $1 AND c.password_hash = $2 AND u.id = c.user_id AND u.is_active AND ${IS_OPEN}
       RETURNING c.must_change`,
      [userId, passwordHash],
    );
    return rows[0]?.must_change;
  }

  /** Counts a wrong password, unless the account is locked already. Whether this one locked it. */
  async reject(userId: string, maxFailures: number, lockoutMs: number): Promise<boolean> {
    const [rows]: [{ is_locked: boolean }[], number] = await this.manager.query(
      `UPDATE local_credentials c SET failures = ${FAILURES},
         locked_until = CASE WHEN ${FAILURES} >= $2 THEN now() + $3 * interval '1 millisecond' END
       WHERE c.user_id = $1 AND ${IS_OPEN} RETURNING c.locked_until IS NOT NULL AS is_locked`,
      [userId, maxFailures, lockoutMs],
    );
    return rows[0]?.is_locked === true;
  }
}
