import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.service.js';
import { StorageScrubConfig } from '../config/storage-scrub.config.js';
import { Transactions } from '../platform/database/transactions.js';
import { JobQueue } from '../platform/jobs/job-queue.js';
import type { Artifact } from './domain/artifact.js';
import { ScrubArtifactsRepository } from './persistence/scrub-artifacts.repository.js';
import { ScrubCyclesRepository } from './persistence/scrub-cycles.repository.js';
import { NEXT_SCRUB, SCRUB_JOB } from './scrub-control.service.js';
import { ArtifactNotDamaged, ArtifactNotFound, ScrubDisabled } from './scrub.errors.js';

/** What administrators ask for damaged artifacts; the job does it. */
@Injectable()
export class RepairRequests {
  constructor(
    private readonly rows: ScrubArtifactsRepository,
    private readonly cycles: ScrubCyclesRepository,
    private readonly jobs: JobQueue,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
    private readonly config: StorageScrubConfig,
  ) {}

  /** Has a damaged artifact repaired as soon as possible. Throws ScrubDisabled, ArtifactNotFound, ArtifactNotDamaged. */
  async ask(id: string): Promise<Artifact> {
    if (!this.config.enabled) throw new ScrubDisabled();
    return this.transactions.run(async () => {
      const artifact = await this.rows.lock(id);
      if (artifact === null) throw new ArtifactNotFound();
      if (artifact.damage === null || artifact.state !== 'committed') throw new ArtifactNotDamaged();
      await this.rows.askForRepair(id);
      await this.cycles.clearProblem(artifact.storage);
      await this.audit.record({
        resource: 'storage',
        resourceId: id,
        organizationId: null,
        metadata: { storage: artifact.storage, key: artifact.key },
        after: { repair: 'asked for' },
      });
      await this.jobs.enqueue(SCRUB_JOB, {}, { key: NEXT_SCRUB });
      return { ...artifact, repairTriedAt: null };
    });
  }
}
