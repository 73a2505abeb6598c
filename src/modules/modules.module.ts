import { Module, type OnModuleInit } from '@nestjs/common';
import { OrgAccess } from '../orgs/org-access.service.js';
import { OrgsModule } from '../orgs/orgs.module.js';
import { ArtifactReaders } from '../storage/artifact-readers.js';
import { SearchModule } from '../search/search.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { ModuleApiController } from './http/module-api.controller.js';
import { ModuleDownloadsApiController } from './http/module-downloads-api.controller.js';
import { ModuleDocumentationApiController } from './http/module-documentation-api.controller.js';
import { ModuleProtocolController } from './http/module-protocol.controller.js';
import { ModuleSearchController } from './http/module-search.controller.js';
import { ModuleReanalysisApiController } from './http/module-reanalysis-api.controller.js';
import { ModuleRegistryController } from './http/module-registry.controller.js';
import { ModuleRegistryDetailController } from './http/module-registry-detail.controller.js';
import { ModulePublishingApiController } from './http/module-publishing-api.controller.js';
import { ModuleStandingApiController } from './http/module-standing-api.controller.js';
import { AnalysisThread } from './analysis-thread.js';
import { AnalyzeModuleVersion } from './analyze-module-version.service.js';
import { AnalyzeModuleVersionJob } from './jobs/analyze-module-version.job.js';
import { ReanalyzeModulesJob } from './jobs/reanalyze-modules.job.js';
import { ModuleAnalyzer } from './module-analyzer.service.js';
import { ModuleArchiveReader } from './module-archive-reader.js';
import { ModuleCatalog } from './module-catalog.service.js';
import { ModuleComparisons } from './module-comparisons.service.js';
import { ModuleDocumentationRecords } from './module-documentation-records.service.js';
import { ModuleDocumentation } from './module-documentation.service.js';
import { ModuleDocuments } from './module-documents.js';
import { ModuleFiles } from './module-files.service.js';
import { ModuleIngest } from './module-ingest.service.js';
import { ModuleInspector } from './module-inspector.js';
import { ModuleLifecycle } from './module-lifecycle.service.js';
import { ModuleNamespaces } from './module-namespaces.js';
import { ModuleQuarantine } from './module-quarantine.js';
import { ModulePublishing } from './module-publishing.service.js';
import { ModuleReanalysis } from './module-reanalysis.service.js';
import { ModuleRecords } from './module-records.js';
import { ModuleRegistryDetails } from './module-registry-details.service.js';
import { ModuleRegistration } from './module-registration.service.js';
import { ModuleSearchEntry } from './module-search-entry.js';
import { ModuleStanding } from './module-standing.service.js';
import { ModuleVersionChange } from './module-version-change.js';
import { ModuleUsage } from './module-usage.js';
import { ModuleSupplies } from './module-supplies.js';
import { SuppliedModules } from './supplied-modules.service.js';
import { ModuleUsageRepository } from './persistence/module-usage.repository.js';
import { ModuleSearchRepository } from './persistence/module-search.repository.js';
import { ModuleVersionCheck } from './module-version-check.service.js';
import { ModuleDocumentationPartEntity } from './persistence/module-documentation-part.entity.js';
import { ModuleDocumentationEntity } from './persistence/module-documentation.entity.js';
import { ModuleDocumentationRepository } from './persistence/module-documentation.repository.js';
import { ModuleReanalysisRepository } from './persistence/module-reanalysis.repository.js';
import { ModuleVersionEntity } from './persistence/module-version.entity.js';
import { ModulesRepository } from './persistence/modules.repository.js';
import { ReadableModuleVersion } from './readable-module-version.service.js';
import { RegistryModuleEntity } from './persistence/registry-module.entity.js';

/**
 * Terraform modules (not Nest modules): publish a version, read the protocol documents, deprecate,
 * withdraw, quarantine, delete.
 * Routes: `/v1/modules/…` (frozen by the clients) and `/api/v1/modules/…`, `/api/v1/admin/modules/create`.
 * Tables: `registry_modules`, `module_versions`. Needs storage for archives, orgs for namespaces, usage for
 * download numbers.
 */
@Module({
  imports: [OrgsModule, SearchModule, StorageModule, UsageModule],
  controllers: [
    ModuleDocumentationApiController,
    ModuleReanalysisApiController,
    ModuleSearchController,
    ModuleProtocolController,
    ModuleRegistryController,
    ModuleRegistryDetailController,
    ModulePublishingApiController,
    ModuleApiController,
    ModuleStandingApiController,
    ModuleDownloadsApiController,
  ],
  providers: [
    AnalysisThread,
    AnalyzeModuleVersion,
    AnalyzeModuleVersionJob,
    ModuleAnalyzer,
    ModuleArchiveReader,
    ModuleComparisons,
    ModuleDocumentationRecords,
    ModuleDocumentationRepository,
    ModuleFiles,
    ModuleReanalysis,
    ModuleReanalysisRepository,
    ModuleVersionCheck,
    ReadableModuleVersion,
    ReanalyzeModulesJob,
    ModuleCatalog,
    ModuleDocumentation,
    ModuleDocuments,
    ModuleIngest,
    ModuleInspector,
    ModuleLifecycle,
    ModuleNamespaces,
    ModulePublishing,
    ModuleQuarantine,
    ModuleRecords,
    ModuleRegistration,
    ModuleRegistryDetails,
    ModuleSearchEntry,
    ModuleSearchRepository,
    ModuleStanding,
    ModuleSupplies,
    SuppliedModules,
    ModuleVersionChange,
    ModuleUsage,
    ModuleUsageRepository,
    ModulesRepository,
  ],
  exports: [
    ModuleCatalog,
    ModuleDocumentation,
    ModuleIngest,
    ModuleInspector,
    ModuleSupplies,
    SuppliedModules,
  ],
})
export class ModulesModule implements OnModuleInit {
  static readonly entities: Function[] = [
    RegistryModuleEntity,
    ModuleVersionEntity,
    ModuleDocumentationEntity,
    ModuleDocumentationPartEntity,
  ];

  constructor(
    private readonly readers: ArtifactReaders,
    private readonly access: OrgAccess,
    private readonly modules: ModulesRepository,
  ) {}

  onModuleInit(): void {
    this.readers.register(async (principal, artifactId) => {
      for (const namespace of await this.modules.namespacesOfArtifact(artifactId)) {
        const decision = await this.access.readDecision(principal, namespace, 'modules:read');
        if (decision === 'allowed') return true;
      }
      return false;
    });
  }
}
