import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { ENTRIES_EXPIRED } from '../domain/audit-actions.js';
import type { ChainEnd } from '../audit-chain.js';
import { AuditEntryEntity } from './audit-entry.entity.js';

/** The only two ways in which entries may change: retention and the erasure of a person. Both need a transaction. */
@Injectable()
export class AuditRemovalRepository extends BaseRepository<AuditEntryEntity> {
  constructor(dataSource: DataSource) {
    super(AuditEntryEntity, dataSource);
  }

  /** Chains with entries older than so many days, besides the notes of the retention itself. */
  async chainsOlderThan(days: number): Promise<string[]> {
    const rows: { chain: string }[] = await this.manager.query(
      `SELECT c.chain FROM audit_chains c WHERE EXISTS (
         SELECT FROM audit_entries e WHERE e.chain = c.chain AND e.created_at < now() - make_interval(days => $1)
           AND e.action <> $2
       ) ORDER BY c.chain`,
      [days, ENTRIES_EXPIRED],
    );
    return rows.map(({ chain }) => chain);
  }

  /**
   * Removes at most `limit` entries from the beginning of a chain, up to the first that is younger or that one of
   * `shippers` has not delivered, and stores the checkpoint. Answers the last removed entry and how many there were.
   */
  async removePrefix(
    chain: string,
    days: number,
    shippers: readonly string[],
    limit: number,
  ): Promise<(ChainEnd & { count: number }) | undefined> {
    await this.allow('retention');
    const rows: { chain_seq: string; hash: string }[] = await this.manager.query(
      `WITH bound AS (
         SELECT least(
           (SELECT min(chain_seq) FROM audit_entries
            WHERE chain = $1 AND created_at >= now() - make_interval(days => $2)),
           (SELECT min(coalesce(p.chain_seq, 0)) + 1 FROM unnest($3::text[]) AS s (shipper)
            LEFT JOIN audit_shipper_positions p ON p.shipper = s.shipper AND p.chain = $1)
         ) AS first_kept
       ), gone AS (
         DELETE FROM audit_entries WHERE id IN (
           SELECT id FROM audit_entries, bound WHERE chain = $1 AND chain_seq < coalesce(first_kept, 9223372036854775807)
           ORDER BY chain_seq LIMIT $4
         ) RETURNING chain_seq, hash
       )
       SELECT chain_seq, hash FROM gone ORDER BY chain_seq`,
      [chain, days, shippers, limit],
    );
    const last = rows.at(-1);
    if (last === undefined) return undefined;
    await this.manager.query(
      `INSERT INTO audit_checkpoints (chain, chain_seq, hash) VALUES ($1, $2, $3)
       ON CONFLICT (chain) DO UPDATE SET chain_seq = excluded.chain_seq, hash = excluded.hash, created_at = now()`,
      [chain, last.chain_seq, last.hash],
    );
    return { seq: Number(last.chain_seq), hash: last.hash, count: rows.length };
  }

  /** Takes what names a person out of their entries; answers how many there were. */
  async erasePerson(userId: string): Promise<number> {
    await this.allow('erasure');
    const rows: { count: string }[] = await this.manager.query(
      `WITH erased AS (
         UPDATE audit_entries SET details_salt = NULL,
           user_email = CASE WHEN user_id = $1::uuid THEN NULL ELSE user_email END,
           user_name = CASE WHEN user_id = $1::uuid THEN NULL ELSE user_name END,
           ip_address = CASE WHEN user_id = $1::uuid THEN NULL ELSE ip_address END,
           metadata = CASE WHEN resource_type = 'user' THEN metadata - 'before' - 'after' ELSE metadata END
             - CASE WHEN user_id = $1::uuid THEN 'user_agent' ELSE '' END
         WHERE details_salt IS NOT NULL AND (user_id = $1::uuid OR (resource_type = 'user' AND resource_id = $1::text))
         RETURNING 1
       ) SELECT count(*) AS count FROM erased`,
      [userId],
    );
    return Number(rows[0]!.count);
  }

  /** Opens the trigger until the transaction ends. */
  private async allow(removal: 'retention' | 'erasure'): Promise<void> {
    await this.manager.query(`SELECT set_config('registry.audit_removal', $1, true)`, [removal]);
  }
}
