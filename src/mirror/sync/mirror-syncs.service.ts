import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.service.js';
import type { Page, PageRequest } from '../../kernel/page.js';
import { Transactions } from '../../platform/database/transactions.js';
import type { Mirror } from '../domain/mirror.js';
import type { MirrorSync, MirrorSyncLine, SyncRestriction, SyncTrigger } from '../domain/mirror-sync.js';
import { MirrorNotFound } from '../domain/mirror-configuration.errors.js';
import { SyncAlreadyRunning, SyncEnded, SyncNotFound } from '../domain/mirror-sync.errors.js';
import { Mirrors } from '../configuration/mirrors.service.js';
import { MirrorSyncsRepository } from '../persistence/mirror-syncs.repository.js';
import { MirrorSyncJobs } from './mirror-sync-jobs.service.js';

/** Runs of mirrors: they are asked for, watched, and cancelled here; a job does the work (REST contract, section 20). */
@Injectable()
export class MirrorSyncs {
  constructor(
    private readonly transactions: Transactions,
    private readonly syncs: MirrorSyncsRepository,
    private readonly mirrors: Mirrors,
    private readonly jobs: MirrorSyncJobs,
    private readonly audit: AuditLog,
  ) {}

  /** Begins a run. Throws {@link SyncAlreadyRunning}, and {@link MirrorNotFound} when it was deleted meanwhile. */
  async trigger(mirror: Mirror, restriction: SyncRestriction, actor: SyncTrigger): Promise<MirrorSync> {
    return this.transactions.run(async () => {
      const syncId = await this.syncs.add(mirror.id, actor, restriction);
      if (syncId === undefined) throw await this.refusalFor(mirror);
      await this.mirrors.started(mirror);
      await this.jobs.enqueue({ syncId, mirrorId: mirror.id });
      const { namespace, providerType } = restriction;
      await this.record(mirror, { sync_id: syncId, namespace, provider: providerType });
      return (await this.syncs.find(mirror.id, syncId))!;
    });
  }

  /** Ends a run before its next package; what it stored stays. Throws {@link SyncNotFound}, {@link SyncEnded}. */
  async cancel(mirror: Mirror, syncId: string): Promise<void> {
    await this.transactions.run(async () => {
      const { namespace, providerType } = await this.get(mirror.id, syncId);
      if (await this.syncs.endIdle(syncId)) {
        const isRestricted = namespace !== null || providerType !== null;
        await this.mirrors.finished(mirror, { status: 'cancelled', error: null, isRestricted });
      } else if (!(await this.syncs.requestCancel(syncId))) {
        throw new SyncEnded();
      }
      await this.record(mirror, { sync_id: syncId, is_cancelled: true });
    });
  }

  /** The run that has not ended. */
  current(mirrorId: string): Promise<MirrorSync | null> {
    return this.syncs.running(mirrorId);
  }

  /** The newest runs, newest first, the current one included. */
  recent(mirrorId: string, limit: number): Promise<MirrorSync[]> {
    return this.syncs.recent(mirrorId, limit);
  }

  /** One run of a mirror. */
  find(mirrorId: string, syncId: string): Promise<MirrorSync | null> {
    return this.syncs.find(mirrorId, syncId);
  }

  /** What became of each package, in the order in which they were done. */
  async lines(syncId: string, page: PageRequest): Promise<Page<MirrorSyncLine>> {
    return { ...page, ...(await this.syncs.lines(syncId, page)) };
  }

  private async refusalFor({ id }: Mirror): Promise<SyncAlreadyRunning | MirrorNotFound> {
    return (await this.mirrors.find(id)) === null ? new MirrorNotFound() : new SyncAlreadyRunning();
  }

  private async get(mirrorId: string, syncId: string): Promise<MirrorSync> {
    const sync = await this.syncs.find(mirrorId, syncId);
    if (sync === null) throw new SyncNotFound();
    return sync;
  }

  private async record({ id, organizationId }: Mirror, metadata: Record<string, unknown>): Promise<void> {
    await this.audit.record({ resource: 'mirror', resourceId: id, organizationId, metadata });
  }
}
