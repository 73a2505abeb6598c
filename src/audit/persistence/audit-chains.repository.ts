import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { Transactions } from '../../platform/database/transactions.js';
import { type ChainEnd, GENESIS_HASH, linkEntry } from '../audit-chain.js';
import type { AuditDraft, AuditEntry } from '../domain/audit-entry.js';
import { AuditChainEntity } from './audit-chain.entity.js';

/** Few enough that requests which arrive meanwhile wait about a millisecond. */
const ROWS_PER_STATEMENT = 100;

/** Where chains grow: always as the last statements of the transaction whose changes they record. */
@Injectable()
export class AuditChainsRepository extends BaseRepository<AuditChainEntity> {
  private readonly waiting = new WeakMap<EntityManager, AuditDraft[]>();

  constructor(
    dataSource: DataSource,
    private readonly transactions: Transactions,
  ) {
    super(AuditChainEntity, dataSource);
  }

  /** Adds a draft to what the surrounding transaction appends when it commits. Throws when there is none. */
  add(draft: AuditDraft): void {
    const { manager } = this;
    const drafts = this.waiting.get(manager);
    if (drafts !== undefined) {
      drafts.push(draft);
      return;
    }
    this.transactions.beforeCommit(() => this.flush(manager));
    this.waiting.set(manager, [draft]);
  }

  /** Chains are locked in the order of their names, so that two transactions never wait for each other. */
  private async flush(manager: EntityManager): Promise<void> {
    const drafts = this.waiting.get(manager) ?? [];
    this.waiting.delete(manager);
    const byChain = Map.groupBy(drafts, ({ chain }) => chain);
    for (const chain of [...byChain.keys()].sort()) await this.append(chain, byChain.get(chain)!);
  }

  private async append(chain: string, drafts: readonly AuditDraft[]): Promise<void> {
    const { now, ...start } = await this.lock(chain, drafts.length);
    let end = start;
    for (let first = 0; first < drafts.length; first += ROWS_PER_STATEMENT) {
      const entries = drafts.slice(first, first + ROWS_PER_STATEMENT).map((draft) => {
        const entry = linkEntry(draft, end, now);
        end = { seq: entry.chainSeq, hash: entry.hash };
        return entry;
      });
      await this.insert(chain, entries);
    }
  }

  /** Locks the chain until the commit and takes `count` places; answers its end before them. */
  private async lock(chain: string, count: number): Promise<ChainEnd & { now: Date }> {
    const rows: { last_seq: string; last_hash: string; now: Date }[] = await this.manager.query(
      `INSERT INTO audit_chains AS head (chain, last_seq, last_hash) VALUES ($1, $2, $3)
       ON CONFLICT (chain) DO UPDATE SET last_seq = head.last_seq + excluded.last_seq
       RETURNING last_seq, last_hash, date_trunc('milliseconds', clock_timestamp()) AS now`,
      [chain, count, GENESIS_HASH],
    );
    const { last_seq, last_hash, now } = rows[0]!;
    return { seq: Number(last_seq) - count, hash: last_hash, now };
  }

  private async insert(chain: string, entries: readonly AuditEntry[]): Promise<void> {
    await this.manager.query(
      `WITH inserted AS (
         INSERT INTO audit_entries SELECT * FROM jsonb_populate_recordset(NULL::audit_entries, $1::jsonb)
       )
       UPDATE audit_chains SET last_hash = $3 WHERE chain = $2`,
      [JSON.stringify(entries.map(rowOf)), chain, entries.at(-1)!.hash],
    );
  }
}

function rowOf(entry: AuditEntry): Record<string, unknown> {
  return {
    id: entry.id,
    chain: entry.chain,
    chain_seq: entry.chainSeq,
    previous_hash: entry.previousHash,
    hash: entry.hash,
    details_salt: entry.detailsSalt,
    details_digest: entry.detailsDigest,
    user_id: entry.userId,
    user_email: entry.userEmail,
    user_name: entry.userName,
    actor_kind: entry.actorKind,
    actor_id: entry.actorId,
    organization_id: entry.organizationId,
    action: entry.action,
    resource_type: entry.resourceType,
    resource_id: entry.resourceId,
    metadata: entry.metadata,
    ip_address: entry.ipAddress,
    created_at: entry.createdAt,
  };
}
