import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { SetupState } from '../domain/setup-state.js';
import { SetupStateEntity } from './setup-state.entity.js';

const ROW = { id: 1 };

/** The one row that says how far the setup is. Joins the ambient transaction. */
@Injectable()
export class SetupStateRepository extends BaseRepository<SetupStateEntity> {
  constructor(dataSource: DataSource) {
    super(SetupStateEntity, dataSource);
  }

  get(): Promise<SetupState> {
    return this.repository.findOneByOrFail(ROW);
  }

  /** The same, locked until the transaction ends, so that steps and completion come one after the other. */
  lock(): Promise<SetupState> {
    return this.repository.findOneOrFail({ where: ROW, lock: { mode: 'pessimistic_write' } });
  }

  /**
   * Stores a new token when setup is open and there is none that is younger than `ttlMs` (0: any); whether it
   * did. Of several processes that start at once one does.
   */
  async replaceToken(digest: Buffer, ttlMs: number): Promise<boolean> {
    const [rows]: [unknown[], number] = await this.manager.query(
      `UPDATE setup_state SET token_digest = $1, token_created_at = now()
       WHERE completed_at IS NULL AND (token_digest IS NULL
         OR ($2::bigint > 0 AND token_created_at < now() - $2::bigint * interval '1 millisecond'))
       RETURNING 1`,
      [digest, ttlMs],
    );
    return rows.length > 0;
  }

  async markStorageConfigured(): Promise<void> {
    await this.manager.query('UPDATE setup_state SET storage_configured_at = now()');
  }

  /** Ends the setup and forgets the token; `false` when somebody else was faster. */
  async complete(): Promise<boolean> {
    const [rows]: [unknown[], number] = await this.manager.query(
      `UPDATE setup_state SET completed_at = now(), token_digest = NULL
       WHERE completed_at IS NULL RETURNING 1`,
    );
    return rows.length > 0;
  }
}
