import { Module, type OnModuleInit } from '@nestjs/common';
import { JobRegistry } from '../platform/jobs/job-registry.js';
import { Scheduler } from '../platform/jobs/scheduler.js';
import { StorageMigrationsController } from './http/storage-migrations.controller.js';
import { MigrateStorageJob } from './jobs/migrate-storage.job.js';
import { ArtifactReferencesRepository } from './persistence/artifact-references.repository.js';
import { StorageMigrationFailureEntity } from './persistence/storage-migration-failure.entity.js';
import { StorageMigrationFailuresRepository } from './persistence/storage-migration-failures.repository.js';
import { StorageMigrationLeasesRepository } from './persistence/storage-migration-leases.repository.js';
import { StorageMigrationObjectsRepository } from './persistence/storage-migration-objects.repository.js';
import { StorageMigrationSwitchRepository } from './persistence/storage-migration-switch.repository.js';
import { StorageMigrationEntity } from './persistence/storage-migration.entity.js';
import { StorageMigrationsRepository } from './persistence/storage-migrations.repository.js';
import { StorageMigrationCopier } from './storage-migration-copier.service.js';
import { StorageMigrationMover } from './storage-migration-mover.service.js';
import { StorageMigrationPlans } from './storage-migration-plans.service.js';
import { StorageMigrationRecords } from './storage-migration-records.service.js';
import { StorageMigrationReports } from './storage-migration-reports.service.js';
import { StorageMigrationRunner } from './storage-migration-runner.service.js';
import { StorageMigrationSource } from './storage-migration-source.service.js';
import { StorageMigrationStates } from './storage-migration-states.service.js';
import { StorageMigrationSwitch } from './storage-migration-switch.service.js';
import { StorageMigrationTarget } from './storage-migration-target.service.js';
import { StorageMigrationVerifier } from './storage-migration-verifier.service.js';
import { StorageMigrations } from './storage-migrations.service.js';

/**
 * Moves of all objects from one storage to another while the registry serves. Routes:
 * `/api/v1/storage/migrations`. Tables: `storage_migrations`, `storage_migration_failures`. A job does the work, in
 * one process at a time; it needs the stores and artifacts of `StorageModule`.
 */
@Module({
  controllers: [StorageMigrationsController],
  providers: [
    ArtifactReferencesRepository,
    MigrateStorageJob,
    StorageMigrationCopier,
    StorageMigrationFailuresRepository,
    StorageMigrationLeasesRepository,
    StorageMigrationMover,
    StorageMigrationObjectsRepository,
    StorageMigrationPlans,
    StorageMigrationRecords,
    StorageMigrationReports,
    StorageMigrationRunner,
    StorageMigrationSource,
    StorageMigrationStates,
    StorageMigrationSwitch,
    StorageMigrationSwitchRepository,
    StorageMigrationTarget,
    StorageMigrationVerifier,
    StorageMigrations,
    StorageMigrationsRepository,
  ],
  exports: [StorageMigrations],
})
export class StorageMigrationModule implements OnModuleInit {
  static readonly entities: Function[] = [StorageMigrationEntity, StorageMigrationFailureEntity];

  constructor(
    private readonly jobs: JobRegistry,
    private readonly scheduler: Scheduler,
    private readonly job: MigrateStorageJob,
    private readonly runner: StorageMigrationRunner,
  ) {}

  onModuleInit(): void {
    this.jobs.register(this.job);
    this.scheduler.schedule(this.job.name, this.runner.intervalMs, this.job);
  }
}
