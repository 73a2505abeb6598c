import { Module } from '@nestjs/common';
import { LimitsConfig } from '../config/limits.config.js';
import { MirrorConfig } from '../config/mirror.config.js';
import { ModulesModule } from '../modules/modules.module.js';
import { OrgsModule } from '../orgs/orgs.module.js';
import { OpenPgpVerifier } from '../platform/signatures/openpgp-verifier.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { BundleAdmission } from './bundles/bundle-admission.service.js';
import { BundleComposer } from './bundles/bundle-composer.service.js';
import { BundleExport } from './bundles/bundle-export.service.js';
import { BundleImport } from './bundles/bundle-import.service.js';
import { BundleProof } from './bundles/bundle-proof.service.js';
import { BundleReader } from './bundles/bundle-reader.service.js';
import { BundleReleaseImport } from './bundles/bundle-release-import.service.js';
import { BundledPackages } from './bundles/bundled-packages.service.js';
import { MirrorBundlesApiController } from './http/mirror-bundles-api.controller.js';
import { BundleContentsRepository } from './persistence/bundle-contents.repository.js';
import { FetchLimits } from './fetching/fetch-limits.js';
import { MirrorRetentionApiController } from './http/mirror-retention-api.controller.js';
import { MirrorPlanApiController } from './http/mirror-plan-api.controller.js';
import { MirrorSyncsApiController } from './http/mirror-syncs-api.controller.js';
import { MirrorsApiController } from './http/mirrors-api.controller.js';
import { MirrorApprovalsApiController } from './http/mirror-approvals-api.controller.js';
import { MirrorPoliciesApiController } from './http/mirror-policies-api.controller.js';
import { MirroredVersionReleaseApiController } from './http/mirrored-version-release-api.controller.js';
import { NetworkMirrorController } from './http/network-mirror.controller.js';
import { PulledPackagesController } from './http/pulled-packages.controller.js';
import { PulledModulesController } from './http/pulled-modules.controller.js';
import { MirrorKeysApiController } from './http/mirror-keys-api.controller.js';
import { HeldBackProviders } from './decisions/held-back-providers.service.js';
import { ExpireMirrorApprovalsJob } from './jobs/expire-mirror-approvals.job.js';
import { ReevaluateMirroredProvidersJob } from './jobs/reevaluate-mirrored-providers.job.js';
import { MirrorGate } from './domain/mirror-gate.js';
import { MirrorAccess } from './configuration/mirror-access.service.js';
import { MirrorKeyDecisions } from './keys/mirror-key-decisions.service.js';
import { MirrorKeyRevocation } from './keys/mirror-key-revocation.service.js';
import { MirrorKeys } from './keys/mirror-keys.service.js';
import { MirrorApprovalExpiry } from './decisions/mirror-approval-expiry.service.js';
import { MirrorApprovals } from './decisions/mirror-approvals.service.js';
import { MirrorPolicies } from './decisions/mirror-policies.service.js';
import { MirrorPolicyAccess } from './decisions/mirror-policy-access.service.js';
import { MirroredVersionRelease } from './decisions/mirrored-version-release.service.js';
import { MirrorReevaluation } from './decisions/mirror-reevaluation.service.js';
import { ApplyMirrorRetentionJob } from './jobs/apply-mirror-retention.job.js';
import { PruneUpstreamAnswersJob } from './jobs/prune-upstream-answers.job.js';
import { PurgeMirroredProviderJob } from './jobs/purge-mirrored-provider.job.js';
import { MirrorAdministration } from './configuration/mirror-administration.service.js';
import { MirrorDashboard } from './configuration/mirror-dashboard.service.js';
import { MirrorDryRun } from './configuration/mirror-dry-run.service.js';
import { MirrorEntries } from './configuration/mirror-entries.service.js';
import { MirrorRecords } from './configuration/mirror-records.service.js';
import { MirrorRemoval } from './configuration/mirror-removal.service.js';
import { MirroredCatalog } from './configuration/mirrored-catalog.service.js';
import { Mirrors } from './configuration/mirrors.service.js';
import { MirrorApprovalEntity } from './persistence/mirror-approval.entity.js';
import { MirrorApprovalsRepository } from './persistence/mirror-approvals.repository.js';
import { MirrorDecisionsRepository } from './persistence/mirror-decisions.repository.js';
import { MirrorEntity } from './persistence/mirror.entity.js';
import { MirrorKeyEntity } from './persistence/mirror-key.entity.js';
import { MirrorKeysRepository } from './persistence/mirror-keys.repository.js';
import { MirrorPoliciesRepository } from './persistence/mirror-policies.repository.js';
import { MirrorPolicyEntity } from './persistence/mirror-policy.entity.js';
import { MirrorSyncLineEntity } from './persistence/mirror-sync-line.entity.js';
import { MirrorSyncEntity } from './persistence/mirror-sync.entity.js';
import { MirrorSyncsRepository } from './persistence/mirror-syncs.repository.js';
import { MirrorRetentionRepository } from './persistence/mirror-retention.repository.js';
import { MirrorDashboardRepository } from './persistence/mirror-dashboard.repository.js';
import { MirroredCatalogRepository } from './persistence/mirrored-catalog.repository.js';
import { MirroredListingsRepository } from './persistence/mirrored-listings.repository.js';
import { MirroredProviderEntity } from './persistence/mirrored-provider.entity.js';
import { MirroredVersionEntity } from './persistence/mirrored-version.entity.js';
import { PulledModuleVersionEntity } from './persistence/pulled-module-version.entity.js';
import { PulledModuleVersionsRepository } from './persistence/pulled-module-versions.repository.js';
import { MirrorsRepository } from './persistence/mirrors.repository.js';
import { ModuleFetcher } from './fetching/module-fetcher.service.js';
import { PackageFetcher } from './fetching/package-fetcher.service.js';
import { MirroredVersionReleasesRepository } from './persistence/mirrored-version-releases.repository.js';
import { PolicyGate } from './decisions/policy-gate.service.js';
import { ProviderDecisions } from './decisions/provider-decisions.service.js';
import { UpstreamAnswerEntity } from './persistence/upstream-answer.entity.js';
import { UpstreamAnswersRepository } from './persistence/upstream-answers.repository.js';
import { ModuleOffers } from './pull-through/module-offers.service.js';
import { ModulePulls } from './pull-through/module-pulls.service.js';
import { ModuleQuestions } from './pull-through/module-questions.service.js';
import { PulledModuleMirrors } from './pull-through/pulled-module-mirrors.service.js';
import { PulledModuleStore } from './pull-through/pulled-module-store.service.js';
import { PulledModules } from './pull-through/pulled-modules.service.js';
import { PulledNamespaces } from './pull-through/pulled-namespaces.service.js';
import { PackagePulls } from './pull-through/package-pulls.service.js';
import { ProviderOffers } from './pull-through/provider-offers.service.js';
import { PullLinks } from './pull-through/pull-links.service.js';
import { PullThrough } from './pull-through/pull-through.service.js';
import { PullThroughReaders } from './pull-through/pull-through-readers.service.js';
import { PulledDocuments } from './pull-through/pulled-documents.service.js';
import { PulledHosts } from './pull-through/pulled-hosts.service.js';
import { PulledPackageFetcher } from './pull-through/pulled-package-fetcher.service.js';
import { PulledReleaseStore } from './pull-through/pulled-release-store.service.js';
import { PulledUpstreams } from './pull-through/pulled-upstreams.service.js';
import { ReleaseOffers } from './pull-through/release-offers.service.js';
import { UpstreamAnswers } from './pull-through/upstream-answers.service.js';
import { ReleaseVerifier } from './fetching/release-verifier.js';
import { MirrorPins } from './retention/mirror-pins.service.js';
import { MirrorRetention } from './retention/mirror-retention.service.js';
import { MirrorSpace } from './retention/mirror-space.service.js';
import { MirrorPlanning } from './sync/mirror-planning.service.js';
import { MirrorSyncs } from './sync/mirror-syncs.service.js';
import { CheckMirrorsJob } from './jobs/check-mirrors.job.js';
import { SyncMirrorJob } from './jobs/sync-mirror.job.js';
import { MirrorSyncLeasesRepository } from './persistence/mirror-sync-leases.repository.js';
import { ListingMemory } from './sync/listing-memory.service.js';
import { MirrorAlerts } from './sync/mirror-alerts.service.js';
import { MirrorHealthCheck } from './sync/mirror-health-check.service.js';
import { MirrorSchedule } from './sync/mirror-schedule.service.js';
import { MirrorSyncEnd } from './sync/mirror-sync-end.service.js';
import { MirrorSyncJobs } from './sync/mirror-sync-jobs.service.js';
import { MirrorSyncRunner } from './sync/mirror-sync-runner.service.js';
import { ProviderSync } from './sync/provider-sync.service.js';
import { ReleaseFetcher } from './sync/release-fetcher.service.js';
import { ReleaseStore } from './sync/release-store.service.js';
import { ReleaseSync } from './sync/release-sync.service.js';
import { SyncRecords } from './sync/sync-records.service.js';
import { SyncStretches } from './sync/sync-stretches.service.js';
import { HttpModuleRegistryClient } from './upstream/http-module-registry-client.js';
import { HttpRegistryClient } from './upstream/http-registry-client.js';
import { ModuleRegistryClient } from './upstream/module-registry-client.js';
import { PackageDownload } from './upstream/package-download.js';
import { PackageSizes } from './upstream/package-sizes.js';
import { RegistryClient } from './upstream/registry-client.js';
import { UpstreamFetch } from './upstream/upstream-fetch.js';

/**
 * The network mirror protocol for providers, and mirrors of upstream registries. Routes: `/terraform/providers/…`
 * (frozen by the clients), `/api/v1/admin/mirrors/…`. The providers feature keeps what mirrors fetched, and prepares
 * its documents.
 */
@Module({
  imports: [ModulesModule, OrgsModule, ProvidersModule, StorageModule, UsageModule],
  controllers: [
    MirrorBundlesApiController,
    MirrorKeysApiController,
    MirrorRetentionApiController,
    MirrorApprovalsApiController,
    MirrorPoliciesApiController,
    MirroredVersionReleaseApiController,
    NetworkMirrorController,
    PulledModulesController,
    PulledPackagesController,
    MirrorsApiController,
    MirrorSyncsApiController,
    MirrorPlanApiController,
  ],
  providers: [
    CheckMirrorsJob,
    ListingMemory,
    MirrorAlerts,
    MirrorHealthCheck,
    MirrorSchedule,
    MirrorSyncEnd,
    MirrorSyncJobs,
    MirrorSyncLeasesRepository,
    MirrorSyncRunner,
    ProviderSync,
    ReleaseFetcher,
    ReleaseStore,
    ReleaseSync,
    SyncMirrorJob,
    SyncRecords,
    SyncStretches,
    ApplyMirrorRetentionJob,
    BundleAdmission,
    BundleComposer,
    BundleContentsRepository,
    BundleExport,
    BundleImport,
    BundleProof,
    BundleReader,
    BundleReleaseImport,
    BundledPackages,
    MirrorPins,
    MirrorRetention,
    MirrorRetentionRepository,
    MirrorSpace,
    ExpireMirrorApprovalsJob,
    HeldBackProviders,
    MirrorAccess,
    MirrorApprovalExpiry,
    MirrorApprovals,
    MirrorApprovalsRepository,
    MirrorDecisionsRepository,
    MirrorKeyDecisions,
    MirrorKeyRevocation,
    MirrorKeys,
    MirrorKeysRepository,
    MirrorPlanning,
    MirrorPolicies,
    MirrorPoliciesRepository,
    MirrorPolicyAccess,
    MirrorReevaluation,
    MirrorSyncs,
    MirrorSyncsRepository,
    Mirrors,
    MirrorsRepository,
    ModuleFetcher,
    OpenPgpVerifier,
    PackageDownload,
    PackageFetcher,
    MirroredVersionRelease,
    MirroredVersionReleasesRepository,
    ProviderDecisions,
    ReevaluateMirroredProvidersJob,
    ReleaseVerifier,
    ModuleOffers,
    ModulePulls,
    ModuleQuestions,
    PulledModuleMirrors,
    PulledModuleStore,
    PulledModuleVersionsRepository,
    PulledModules,
    PulledNamespaces,
    PackagePulls,
    ProviderOffers,
    PullLinks,
    PullThrough,
    PullThroughReaders,
    PulledDocuments,
    PulledHosts,
    PulledPackageFetcher,
    PulledReleaseStore,
    PulledUpstreams,
    ReleaseOffers,
    UpstreamAnswers,
    UpstreamAnswersRepository,
    UpstreamFetch,
    MirrorAdministration,
    MirrorEntries,
    MirrorDryRun,
    MirrorDashboard,
    MirrorDashboardRepository,
    PackageSizes,
    MirrorRecords,
    MirrorRemoval,
    MirroredCatalog,
    MirroredCatalogRepository,
    MirroredListingsRepository,
    PruneUpstreamAnswersJob,
    PurgeMirroredProviderJob,
    {
      provide: FetchLimits,
      useFactory: ({ downloadTimeoutMs }: MirrorConfig, { providerMaxBytes }: LimitsConfig) =>
        new FetchLimits({ downloadTimeoutMs, maxPackageBytes: providerMaxBytes }),
      inject: [MirrorConfig, LimitsConfig],
    },
    { provide: MirrorGate, useClass: PolicyGate },
    { provide: ModuleRegistryClient, useClass: HttpModuleRegistryClient },
    { provide: RegistryClient, useClass: HttpRegistryClient },
  ],
  exports: [MirrorSyncs, Mirrors],
})
export class MirrorModule {
  static readonly entities: Function[] = [
    UpstreamAnswerEntity,
    MirrorApprovalEntity,
    MirrorEntity,
    MirrorKeyEntity,
    MirrorPolicyEntity,
    MirrorSyncEntity,
    MirrorSyncLineEntity,
    MirroredProviderEntity,
    MirroredVersionEntity,
    PulledModuleVersionEntity,
  ];
}
