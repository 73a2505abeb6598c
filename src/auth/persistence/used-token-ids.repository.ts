import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { UsedTokenIdEntity } from './used-token-id.entity.js';

/** Tokens of other issuers that were used already: exchanged identity tokens and logout tokens. Joins the ambient transaction. */
@Injectable()
export class UsedTokenIdsRepository extends BaseRepository<UsedTokenIdEntity> {
  constructor(dataSource: DataSource) {
    super(UsedTokenIdEntity, dataSource);
  }

  /** Notes that a token is used; `false` when it was before. Waits for a transaction that is using it. */
  async use(digest: Buffer, expiresAt: Date): Promise<boolean> {
    const rows: unknown[] = await this.manager.query(
      `INSERT INTO used_token_ids (digest, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1`,
      [digest, expiresAt],
    );
    return rows.length > 0;
  }

  /** Forgets the tokens that ended before `time`; gives their number. */
  async purge(time: Date): Promise<number> {
    const [, count]: [unknown[], number] = await this.manager.query(
      'DELETE FROM used_token_ids WHERE expires_at < $1',
      [time],
    );
    return count;
  }
}
