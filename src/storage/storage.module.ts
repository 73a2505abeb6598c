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
import { BackendInput } from './backend-input.service.js';
import { DamagedArtifacts } from './damaged-artifacts.service.js';
import { FileAccess } from './file-access.service.js';
import { FileAnswers } from './file-answers.service.js';
import { FilesController } from './http/files.controller.js';
import { StorageApiController } from './http/storage-api.controller.js';
import { SweepOrphansJob } from './jobs/sweep-orphans.job.js';
import { ObjectStoreFactory } from './object-store-factory.js';
import { LocalObjectStore } from './adapters/local/local-object-store.js';
import { ArtifactLocations } from './artifact-locations.service.js';
import { DownloadLinks } from './download-links.service.js';
import { FileBackends } from './file-backends.js';
import { ObjectStore } from './object-store.js';
import { ObjectStores } from './object-stores.service.js';
import { StorageConfigurationEntity } from './persistence/storage-configuration.entity.js';
import { StorageConfigurationsRepository } from './persistence/storage-configurations.repository.js';
import { StorageSettings } from './storage-settings.service.js';
import { OrphanSweep } from './orphan-sweep.service.js';
import { SweepTools } from './sweep-tools.js';
import { ArtifactAuditRepository } from './persistence/artifact-audit.repository.js';
import { ArtifactDeletionEntity } from './persistence/artifact-deletion.entity.js';
import { ArtifactReferencesRepository } from './persistence/artifact-references.repository.js';
import { ArtifactSweepRepository } from './persistence/artifact-sweep.repository.js';
import { ArtifactEntity } from './persistence/artifact.entity.js';
import { ArtifactsRepository } from './persistence/artifacts.repository.js';
import { QuarantinedArtifactEntity } from './persistence/quarantined-artifact.entity.js';
import { QuarantinedArtifactsRepository } from './persistence/quarantined-artifacts.repository.js';
import { ScrubArtifactsRepository } from './persistence/scrub-artifacts.repository.js';
import { StorageEpochEntity } from './persistence/storage-epoch.entity.js';
import { StorageEpochsRepository } from './persistence/storage-epochs.repository.js';
import { StorageNamesRepository } from './persistence/storage-names.repository.js';
import { QuarantinedArtifacts } from './quarantined-artifacts.service.js';
import { StorageChoice } from './storage-choice.service.js';
import { StorageConfigurationStore } from './storage-configuration-store.service.js';
import { StorageConfigurations } from './storage-configurations.service.js';
import { StorageEpochs } from './storage-epochs.service.js';
import { StorageProbe } from './storage-probe.service.js';
import { SpooledArtifacts } from './spooled-artifacts.service.js';
import { StorageStartup } from './storage-startup.service.js';
import { StoragesInUse } from './storages-in-use.service.js';
import { SweepConfirmation } from './sweep-confirmation.service.js';
import { VerifyStorage } from './verify-storage.service.js';
import { WithheldArtifacts } from './withheld-artifacts.service.js';

/**
 * Stored objects and the list of them: stage and commit artifacts, signed file URLs, orphan sweep, verification.
 * Routes: `/v1/files/…`. Tables: `artifacts`, `artifact_deletions`, `quarantined_artifacts`,
 * `storage_epochs`; others refer to `artifacts` by foreign key,
 * and by that alone the sweep knows them. Global: the documents of all features render links through `LinkSource`.
 * Features tell `ArtifactReaders` who may open a file URL without a signature.
 */
@Global()
@Module({
  controllers: [FilesController, StorageApiController],
  providers: [
    ArtifactAuditRepository,
    ArtifactLocations,
    ArtifactReaders,
    ArtifactReferencesRepository,
    ArtifactStore,
    ArtifactSweepRepository,
    ArtifactsRepository,
    BackendInput,
    DamagedArtifacts,
    DownloadLinks,
    FileAccess,
    FileAnswers,
    FileBackends,
    ObjectStoreFactory,
    ObjectStores,
    OrphanSweep,
    SpooledArtifacts,
    SweepTools,
    QuarantinedArtifacts,
    QuarantinedArtifactsRepository,
    ScrubArtifactsRepository,
    StorageChoice,
    StorageConfigurationStore,
    StorageConfigurations,
    StorageConfigurationsRepository,
    StorageEpochs,
    StorageEpochsRepository,
    StorageNamesRepository,
    StorageProbe,
    StorageSettings,
    StorageStartup,
    StoragesInUse,
    SweepConfirmation,
    SweepOrphansJob,
    TempFiles,
    VerifyStorage,
    WithheldArtifacts,
    { provide: LinkSource, useExisting: DownloadLinks },
    {
      provide: ObjectStore,
      useFactory: ({ localBasePath }: StorageConfig) => new LocalObjectStore(localBasePath),
      inject: [StorageConfig],
    },
    { provide: SignedLink, useFactory: signedLinkOf, inject: [StorageConfig, Clock] },
  ],
  exports: [
    ArtifactLocations,
    ArtifactReaders,
    ArtifactStore,
    DamagedArtifacts,
    LinkSource,
    ObjectStores,
    OrphanSweep,
    QuarantinedArtifacts,
    SignedLink,
    SpooledArtifacts,
    StorageChoice,
    StorageProbe,
    StorageSettings,
    StoragesInUse,
    TempFiles,
    VerifyStorage,
  ],
})
export class StorageModule implements OnModuleInit {
  static readonly entities: Function[] = [
    ArtifactEntity,
    ArtifactDeletionEntity,
    QuarantinedArtifactEntity,
    StorageConfigurationEntity,
    StorageEpochEntity,
  ];

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
