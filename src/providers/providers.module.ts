import { Module, type OnModuleInit } from '@nestjs/common';
import { OrgAccess } from '../orgs/org-access.service.js';
import { OrgsModule } from '../orgs/orgs.module.js';
import { OpenPgpVerifier } from '../platform/signatures/openpgp-verifier.js';
import { ArtifactReaders } from '../storage/artifact-readers.js';
import { ScrubChecks } from '../storage/scrub-checks.js';
import { StorageScrubModule } from '../storage/storage-scrub.module.js';
import { SearchModule } from '../search/search.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { MirroredChange } from './mirrored-change.service.js';
import { MirroredOrder } from './mirrored-order.service.js';
import { MirroredProviders } from './mirrored-providers.service.js';
import { MirroredStanding } from './mirrored-standing.service.js';
import { ProviderIngest } from './provider-ingest.service.js';
import { ProviderApiController } from './http/provider-api.controller.js';
import { ProviderDocumentationController } from './http/provider-documentation.controller.js';
import { ProviderRegistryController } from './http/provider-registry.controller.js';
import { ProviderRegistryDetailController } from './http/provider-registry-detail.controller.js';
import { ProviderReanalysisApiController } from './http/provider-reanalysis-api.controller.js';
import { ProviderDownloadsApiController } from './http/provider-downloads-api.controller.js';
import { ProviderProtocolController } from './http/provider-protocol.controller.js';
import { ProviderSearchController } from './http/provider-search.controller.js';
import { ProviderPublishingApiController } from './http/provider-publishing-api.controller.js';
import { ProviderStandingApiController } from './http/provider-standing-api.controller.js';
import { RegistrySigningKeyApiController } from './http/registry-signing-key-api.controller.js';
import { SigningKeysApiController } from './http/signing-keys-api.controller.js';
import { ProviderDocumentationPageEntity } from './persistence/provider-documentation-page.entity.js';
import { ProviderDocumentationEntity } from './persistence/provider-documentation.entity.js';
import { ProviderDocumentationRepository } from './persistence/provider-documentation.repository.js';
import { ProviderReanalysisRepository } from './persistence/provider-reanalysis.repository.js';
import { ProviderEvidenceRepository } from './persistence/provider-evidence.repository.js';
import { ProviderPackageEntity } from './persistence/provider-package.entity.js';
import { ProviderUsageRepository } from './persistence/provider-usage.repository.js';
import { ProviderVersionEntity } from './persistence/provider-version.entity.js';
import { ProviderVersionsRepository } from './persistence/provider-versions.repository.js';
import { ProviderSearchRepository } from './persistence/provider-search.repository.js';
import { ProviderSearchEntry } from './provider-search-entry.js';
import { ProvidersRepository } from './persistence/providers.repository.js';
import { RegistryProviderEntity } from './persistence/registry-provider.entity.js';
import { SigningKeyEntity } from './persistence/signing-key.entity.js';
import { SigningKeysRepository } from './persistence/signing-keys.repository.js';
import { DocumentationArchive } from './documentation-archive.js';
import { DocumentProviderJob } from './jobs/document-provider.job.js';
import { ListProviderJob } from './jobs/list-provider.job.js';
import { ReanalyzeProvidersJob } from './jobs/reanalyze-providers.job.js';
import { ProviderDocumentationMaker } from './provider-documentation-maker.service.js';
import { ProviderDocumentation } from './provider-documentation.service.js';
import { ProviderRegistryDetails } from './provider-registry-details.service.js';
import { ProviderPageRenderer } from './provider-page-renderer.js';
import { ProviderPages } from './provider-pages.service.js';
import { ProviderReanalysis } from './provider-reanalysis.service.js';
import { ProviderCatalog } from './provider-catalog.service.js';
import { ProviderDocuments } from './provider-documents.js';
import { ProviderLifecycle } from './provider-lifecycle.service.js';
import { PostponedLists } from './postponed-lists.service.js';
import { PrepareMirrorDocumentsJob } from './jobs/prepare-mirror-documents.job.js';
import { ProviderMirrorPreparation } from './provider-mirror-preparation.service.js';
import { ProviderNamespaces } from './provider-namespaces.js';
import { ProviderPackageInspector } from './provider-package-inspector.js';
import { ProviderPublishing } from './provider-publishing.service.js';
import { ProviderQuarantine } from './provider-quarantine.js';
import { ProviderRecords } from './provider-records.js';
import { ProviderRegistration } from './provider-registration.service.js';
import { ProviderReleaseRecorder } from './provider-release-recorder.service.js';
import { ProviderReleaseStaging } from './provider-release-staging.service.js';
import { ProviderScrubCheck } from './provider-scrub-check.js';
import { ProviderUsage } from './provider-usage.js';
import { ProviderStanding } from './provider-standing.service.js';
import { ProviderVersionChange } from './provider-version-change.js';
import { PublisherSignatures } from './publisher-signatures.service.js';
import { RegistrySigning } from './registry-signing.service.js';
import { SigningKeyEffects } from './signing-key-effects.js';
import { SigningKeys } from './signing-keys.service.js';

/**
 * Terraform providers (not Nest providers): publish packages, verify or make checksum documents and
 * signatures, read the protocol documents, deprecate, withdraw, quarantine, delete. Routes: `/v1/providers/…` (frozen by the
 * clients), `/api/v1/providers/…`, `/api/v1/namespaces/…/signing-keys`, `/api/v1/signing-key`. Tables:
 * `registry_providers`, `provider_versions`, `provider_packages`, `provider_documentation` with its pages, `signing_keys`.
 * Needs storage, orgs, usage, search.
 */
@Module({
  imports: [OrgsModule, SearchModule, StorageModule, StorageScrubModule, UsageModule],
  controllers: [
    ProviderSearchController,
    ProviderProtocolController,
    ProviderRegistryController,
    ProviderRegistryDetailController,
    ProviderPublishingApiController,
    ProviderApiController,
    ProviderStandingApiController,
    ProviderDownloadsApiController,
    ProviderDocumentationController,
    ProviderReanalysisApiController,
    SigningKeysApiController,
    RegistrySigningKeyApiController,
  ],
  providers: [
    DocumentationArchive,
    DocumentProviderJob,
    ListProviderJob,
    MirroredChange,
    MirroredOrder,
    MirroredProviders,
    MirroredStanding,
    OpenPgpVerifier,
    PostponedLists,
    ProviderCatalog,
    ProviderDocumentation,
    ProviderDocumentationMaker,
    ProviderDocumentationRepository,
    ProviderDocuments,
    ProviderEvidenceRepository,
    ProviderIngest,
    ProviderLifecycle,
    PrepareMirrorDocumentsJob,
    ProviderMirrorPreparation,
    ProviderNamespaces,
    ProviderPackageInspector,
    ProviderPageRenderer,
    ProviderPages,
    ProviderPublishing,
    ProviderQuarantine,
    ProviderReanalysis,
    ProviderReanalysisRepository,
    ProviderRecords,
    ProviderRegistration,
    ProviderRegistryDetails,
    ReanalyzeProvidersJob,
    ProviderSearchEntry,
    ProviderSearchRepository,
    ProviderReleaseRecorder,
    ProviderReleaseStaging,
    ProviderScrubCheck,
    ProviderStanding,
    ProviderVersionChange,
    ProviderUsage,
    ProviderUsageRepository,
    ProviderVersionsRepository,
    ProvidersRepository,
    PublisherSignatures,
    RegistrySigning,
    SigningKeyEffects,
    SigningKeys,
    SigningKeysRepository,
  ],
  exports: [
    MirroredProviders,
    MirroredStanding,
    PostponedLists,
    ProviderCatalog,
    ProviderDocumentation,
    ProviderIngest,
    ProviderPackageInspector,
    ProviderPages,
    RegistrySigning,
  ],
})
export class ProvidersModule implements OnModuleInit {
  static readonly entities: Function[] = [
    RegistryProviderEntity,
    ProviderVersionEntity,
    ProviderPackageEntity,
    ProviderDocumentationEntity,
    ProviderDocumentationPageEntity,
    SigningKeyEntity,
  ];

  constructor(
    private readonly readers: ArtifactReaders,
    private readonly access: OrgAccess,
    private readonly versions: ProviderVersionsRepository,
    private readonly scrubChecks: ScrubChecks,
    private readonly scrubCheck: ProviderScrubCheck,
  ) {}

  onModuleInit(): void {
    this.scrubChecks.register((artifact) => this.scrubCheck.complaint(artifact));
    this.readers.register(async (principal, artifactId) => {
      for (const readers of await this.versions.readersOfArtifact(artifactId)) {
        const decision = await this.access.readDecision(principal, readers, 'providers:read');
        if (decision === 'allowed') return true;
      }
      return false;
    });
  }
}
