import { Injectable, Logger } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.service.js';
import { Transactions } from '../platform/database/transactions.js';
import { DamagedArtifacts } from './damaged-artifacts.service.js';
import type { Artifact } from './domain/artifact.js';
import { type Damage, DAMAGES, type RepairResult } from './domain/scrub-damage.js';
import { ScrubArtifactsRepository } from './persistence/scrub-artifacts.repository.js';

/** What is wrong with an artifact. */
export interface FoundDamage {
  readonly damage: Damage;
  readonly detail?: string | undefined;
}

/** Flags damaged artifacts and takes the flag away, with a record in the audit log and a line in the log. */
@Injectable()
export class ScrubRecords {
  private readonly logger = new Logger('Storage');

  constructor(
    private readonly rows: ScrubArtifactsRepository,
    private readonly damaged: DamagedArtifacts,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
  ) {}

  /** Flags a committed artifact. `false` when it was flagged before, or is not committed any more. */
  async flag({ id }: Artifact, { damage, detail }: FoundDamage): Promise<boolean> {
    const news = await this.transactions.run(async () => {
      const row = await this.rows.lock(id);
      if (row === null || !(await this.rows.flag(id, damage))) return undefined;
      if (row.damage === damage) return undefined;
      await this.audit.record({
        resource: 'storage',
        resourceId: id,
        organizationId: null,
        action: 'storage.artifact_damaged',
        metadata: { storage: row.storage, key: row.key, detail },
        before: { damage: row.damage },
        after: { damage },
      });
      this.damaged.announce();
      return row;
    });
    if (news === undefined) return false;
    const message = `Stored bytes are damaged: ${DAMAGES[damage]}`;
    this.logger.error({ message, storage: news.storage, key: news.key, damage, detail });
    return news.damage === null;
  }

  /** The bytes are right again: `repaired`, or `found` so. `false` when the artifact was not flagged. */
  async clear({ id }: Artifact, how: 'repaired' | 'found'): Promise<boolean> {
    const news = await this.transactions.run(async () => {
      const row = await this.rows.lock(id);
      if (row === null || !(await this.rows.unflag(id))) return undefined;
      await this.audit.record({
        resource: 'storage',
        resourceId: id,
        organizationId: null,
        action: 'storage.artifact_repaired',
        metadata: { storage: row.storage, key: row.key, how },
        before: { damage: row.damage },
        after: { damage: null },
      });
      this.damaged.announce();
      return row;
    });
    if (news === undefined) return false;
    const message = how === 'repaired' ? 'Damaged bytes were repaired' : 'Damaged bytes are right again';
    this.logger.log({ message, storage: news.storage, key: news.key });
    return true;
  }

  /** A repair was tried in vain. */
  async noteFailure({ id }: Artifact, result: RepairResult): Promise<void> {
    await this.rows.noteRepair(id, result);
  }
}
