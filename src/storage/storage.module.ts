import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { StorageConfig } from '../config/storage.config.js';
import { Clock } from '../kernel/clock.js';
import { SignedLink } from '../platform/crypto/signed-link.js';
import { FastPath } from '../platform/documents/fast-path.js';
import { LinkSource } from '../platform/documents/link-renderer.js';
import { JobRegistry } from '../platform/jobs/job-registry.js';
import { Scheduler } from '../platform/jobs/scheduler.js';
import { TempFiles } from '../platform/temp-files/temp-files.js';
import { ArtifactReaders } from './artifact-readers.js';
import { ArtifactStore } from './artifact-store.service.js';
import { BlobInspector } from './blob-inspector.js';
import { FileAccess } from './file-access.service.js';
import { FileAnswers } from './file-answers.service.js';
import { FilesController } from './http/files.controller.js';
import { SweepOrphansJob } from './jobs/sweep-orphans.job.js';
import { createObjectStore } from './object-store-factory.js';
import { ObjectStore } from './object-store.js';
import { OrphanSweep } from './orphan-sweep.service.js';
import { ArtifactAuditRepository } from './persistence/artifact-audit.repository.js';
import { ArtifactDeletionEntity } from './persistence/artifact-deletion.entity.js';
import { ArtifactReferencesRepository } from './persistence/artifact-references.repository.js';
import { ArtifactSweepRepository } from './persistence/artifact-sweep.repository.js';
import { ArtifactEntity } from './persistence/artifact.entity.js';
import { ArtifactsRepository } from './persistence/artifacts.repository.js';
import { StorageProbe } from './storage-probe.service.js';
import { StorageStartup } from './storage-startup.service.js';
import { VerifyStorage } from './verify-storage.service.js';

/**
 * Stored objects and the list of them: stage and commit artifacts, signed file URLs, orphan sweep, verification.
 * Routes: `/v1/files/…`. Tables: `artifacts`, `artifact_deletions`; others refer to `artifacts` by foreign key,
 * and by that alone the sweep knows them. Global: the documents of all features render links through `LinkSource`.
 * Features tell `ArtifactReaders` who may open a file URL without a signature.
 */
@Global()
@Module({
  controllers: [FilesController],
  providers: [
    ArtifactAuditRepository,
    ArtifactReaders,
    ArtifactReferencesRepository,
    ArtifactStore,
    ArtifactSweepRepository,
    ArtifactsRepository,
    BlobInspector,
    FileAccess,
    FileAnswers,
    OrphanSweep,
    StorageProbe,
    StorageStartup,
    SweepOrphansJob,
    TempFiles,
    VerifyStorage,
    { provide: LinkSource, useExisting: ArtifactStore },
    { provide: ObjectStore, useFactory: createObjectStore, inject: [StorageConfig] },
    { provide: SignedLink, useFactory: signedLinkOf, inject: [StorageConfig, Clock] },
  ],
  exports: [ArtifactReaders, ArtifactStore, LinkSource, OrphanSweep, StorageProbe, TempFiles, VerifyStorage],
})
export class StorageModule implements OnModuleInit {
  static readonly entities: Function[] = [ArtifactEntity, ArtifactDeletionEntity];

  constructor(
    private readonly fastPath: FastPath,
    private readonly answers: FileAnswers,
    private readonly jobs: JobRegistry,
    private readonly scheduler: Scheduler,
    private readonly sweep: SweepOrphansJob,
    private readonly config: StorageConfig,
  ) {}

  onModuleInit(): void {
    this.fastPath.setFiles((request, response) => this.answers.answer(request, response));
    this.jobs.register(this.sweep);
    this.scheduler.schedule(this.sweep.name, this.config.sweepIntervalMs, this.sweep);
  }
}

function signedLinkOf(config: StorageConfig, clock: Clock): SignedLink {
  return new SignedLink([config.signingSecret, ...config.previousSigningSecrets], () =>
    clock.now().getTime(),
  );
}
