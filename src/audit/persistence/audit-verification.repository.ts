import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { type ChainEnd, GENESIS_HASH } from '../audit-chain.js';
import type { AuditEntry } from '../domain/audit-entry.js';
import { AuditChainEntity } from './audit-chain.entity.js';
import { AuditCheckpointEntity } from './audit-checkpoint.entity.js';
import { AuditEntryEntity } from './audit-entry.entity.js';

/** Reads whole chains, in order. */
@Injectable()
export class AuditVerificationRepository extends BaseRepository<AuditEntryEntity> {
  constructor(dataSource: DataSource) {
    super(AuditEntryEntity, dataSource);
  }

  /** The names of all chains, also of those that only entries or checkpoints know. */
  async chains(): Promise<string[]> {
    const rows: { chain: string }[] = await this.manager.query(
      `WITH RECURSIVE used AS (
         (SELECT chain FROM audit_entries ORDER BY chain LIMIT 1)
         UNION ALL
         SELECT (SELECT e.chain FROM audit_entries e WHERE e.chain > used.chain ORDER BY e.chain LIMIT 1)
         FROM used WHERE used.chain IS NOT NULL
       )
       SELECT chain FROM used WHERE chain IS NOT NULL UNION SELECT chain FROM audit_chains
       UNION SELECT chain FROM audit_checkpoints ORDER BY chain`,
    );
    return rows.map(({ chain }) => chain);
  }

  /** The end that a chain names itself. */
  async head(chain: string): Promise<ChainEnd | undefined> {
    const row = await this.manager.getRepository(AuditChainEntity).findOneBy({ chain });
    return row === null ? undefined : { seq: row.lastSeq, hash: row.lastHash };
  }

  /** The last entry that retention removed; the beginning of the chain when it removed none. */
  async checkpoint(chain: string): Promise<ChainEnd> {
    const row = await this.manager.getRepository(AuditCheckpointEntity).findOneBy({ chain });
    return row === null ? { seq: 0, hash: GENESIS_HASH } : { seq: row.chainSeq, hash: row.hash };
  }

  /** At most `limit` entries of a chain with places above `after` and not above `last`. */
  entries(chain: string, after: number, last: number, limit: number): Promise<AuditEntry[]> {
    return this.repository
      .createQueryBuilder('entry')
      .where('entry.chain = :chain AND entry.chainSeq > :after AND entry.chainSeq <= :last', {
        chain,
        after,
        last,
      })
      .orderBy('entry.chainSeq', 'ASC')
      .limit(limit)
      .getMany();
  }

  /** The users of whom the log says that they were erased. */
  async erasedUsers(action: string): Promise<Set<string>> {
    const rows = await this.repository.find({
      where: { action, chain: 'platform' },
      select: { id: true, resourceId: true },
    });
    return new Set(rows.flatMap(({ resourceId }) => resourceId ?? []));
  }

  /** The id of the organization with this name. */
  async organizationNamed(name: string): Promise<string | undefined> {
    const rows: { id: string }[] = await this.manager.query('SELECT id FROM organizations WHERE name = $1', [
      name,
    ]);
    return rows[0]?.id;
  }
}
