import { Injectable } from '@nestjs/common';
import { DataSource, type QueryRunner } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { AuditEntry } from '../domain/audit-entry.js';
import { AuditEntryEntity } from './audit-entry.entity.js';

/** The right to ship for one shipper, while its connection lives. */
export interface ShipperLock {
  /** Stores that everything up to these entries is delivered. Fails when the lock was lost. */
  advance(entries: readonly AuditEntry[]): Promise<void>;
  release(): Promise<void>;
}

/** How far each shipper is, and which process ships for it. */
@Injectable()
export class AuditShipmentsRepository extends BaseRepository<AuditEntryEntity> {
  constructor(dataSource: DataSource) {
    super(AuditEntryEntity, dataSource);
  }

  /**
   * The lock of a shipper, or `undefined` while another process has it. It lives on a connection of its own and
   * ends with it, so that a killed process keeps nobody waiting.
   */
  async lock(shipper: string): Promise<ShipperLock | undefined> {
    const runner = this.dataSource.createQueryRunner();
    try {
      const rows: { taken: boolean }[] = await runner.query(
        'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS taken',
        [lockName(shipper)],
      );
      if (rows[0]!.taken) {
        return {
          advance: (entries) => advance(runner, shipper, entries),
          release: () => unlock(runner, shipper),
        };
      }
    } catch (error) {
      await runner.release();
      throw error;
    }
    await runner.release();
    return undefined;
  }

  /** At most `limit` entries that the shipper has not delivered; those of one chain in their order. */
  undelivered(shipper: string, limit: number): Promise<AuditEntry[]> {
    return this.repository
      .createQueryBuilder('entry')
      .where(
        `entry.id IN (
          SELECT e.id FROM audit_chains c
          LEFT JOIN audit_shipper_positions p ON p.shipper = :shipper AND p.chain = c.chain
          CROSS JOIN LATERAL (
            SELECT id, created_at, chain, chain_seq FROM audit_entries
            WHERE chain = c.chain AND chain_seq > coalesce(p.chain_seq, 0) ORDER BY chain_seq LIMIT :limit
          ) e
          WHERE c.last_seq > coalesce(p.chain_seq, 0)
          ORDER BY e.chain, e.chain_seq LIMIT :limit
        )`,
        { shipper, limit },
      )
      .orderBy('entry.chain', 'ASC')
      .addOrderBy('entry.chainSeq', 'ASC')
      .getMany();
  }

  /** How many entries the shipper has not delivered. */
  async lag(shipper: string): Promise<number> {
    const rows: { lag: string }[] = await this.manager.query(
      `SELECT coalesce(sum(c.last_seq - greatest(coalesce(p.chain_seq, 0), coalesce(k.chain_seq, 0))), 0) AS lag
       FROM audit_chains c
       LEFT JOIN audit_shipper_positions p ON p.shipper = $1 AND p.chain = c.chain
       LEFT JOIN audit_checkpoints k ON k.chain = c.chain`,
      [shipper],
    );
    return Number(rows[0]!.lag);
  }
}

const lockName = (shipper: string): string => `audit shipper ${shipper}`;

async function advance(runner: QueryRunner, shipper: string, entries: readonly AuditEntry[]): Promise<void> {
  const last = new Map(entries.map(({ chain, chainSeq }) => [chain, chainSeq]));
  await runner.query(
    `INSERT INTO audit_shipper_positions (shipper, chain, chain_seq)
     SELECT $1, chain, seq FROM unnest($2::text[], $3::bigint[]) AS delivered (chain, seq)
     ON CONFLICT (shipper, chain) DO UPDATE SET chain_seq = excluded.chain_seq, updated_at = now()
     WHERE audit_shipper_positions.chain_seq < excluded.chain_seq`,
    [shipper, [...last.keys()], [...last.values()]],
  );
}

async function unlock(runner: QueryRunner, shipper: string): Promise<void> {
  try {
    await runner.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [lockName(shipper)]);
  } finally {
    await runner.release();
  }
}
