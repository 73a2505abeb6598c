import { Module, type OnModuleInit } from '@nestjs/common';
import { StorageScrubConfig } from '../config/storage-scrub.config.js';
import { JobRegistry } from '../platform/jobs/job-registry.js';
import { Scheduler } from '../platform/jobs/scheduler.js';
import { ScrubController } from './http/scrub.controller.js';
import { ScrubJob } from './jobs/scrub.job.js';
import { RepairMarkersRepository } from './persistence/repair-markers.repository.js';
import { ScrubArtifactsRepository } from './persistence/scrub-artifacts.repository.js';
import { ScrubCyclesRepository } from './persistence/scrub-cycles.repository.js';
import { StorageScrubEntity } from './persistence/storage-scrub.entity.js';
import { RepairSources } from './repair-sources.js';
import { ScrubChecks } from './scrub-checks.js';
import { RepairRequests } from './repair-requests.service.js';
import { ScrubControl } from './scrub-control.service.js';
import { ScrubRecords } from './scrub-records.service.js';
import { ScrubRepair } from './scrub-repair.service.js';
import { ScrubTools } from './scrub-tools.js';
import { ScrubReplacements } from './scrub-replacements.service.js';
import { ScrubStatus } from './scrub-status.service.js';
import { ScrubStorage } from './scrub-storage.service.js';
import { StorageModule } from './storage.module.js';

/**
 * Reads stored objects again, flags and repairs damaged ones. Routes: `/api/v1/storage/scrub`. Table:
 * `storage_scrubs`; what is known about an object stands in `artifacts`. Features tell `ScrubChecks` what else must
 * hold for an artifact, and `RepairSources` where its bytes come from again.
 */
@Module({
  imports: [StorageModule],
  controllers: [ScrubController],
  providers: [
    RepairMarkersRepository,
    RepairSources,
    ScrubArtifactsRepository,
    ScrubChecks,
    RepairRequests,
    ScrubControl,
    ScrubCyclesRepository,
    ScrubJob,
    ScrubRecords,
    ScrubRepair,
    ScrubReplacements,
    ScrubTools,
    ScrubStatus,
    ScrubStorage,
  ],
  exports: [RepairSources, ScrubChecks, ScrubStorage],
})
export class StorageScrubModule implements OnModuleInit {
  static readonly entities: Function[] = [StorageScrubEntity];

  constructor(
    private readonly jobs: JobRegistry,
    private readonly scheduler: Scheduler,
    private readonly job: ScrubJob,
    private readonly config: StorageScrubConfig,
  ) {}

  onModuleInit(): void {
    this.jobs.register(this.job);
    if (this.config.enabled) this.scheduler.schedule(this.job.name, ScrubJob.EVERY_MS, this.job);
  }
}
