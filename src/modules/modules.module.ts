import { Module, type OnModuleInit } from '@nestjs/common';
import { OrgAccess } from '../orgs/org-access.service.js';
import { OrgsModule } from '../orgs/orgs.module.js';
import { ArtifactReaders } from '../storage/artifact-readers.js';
import { SearchModule } from '../search/search.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { ModuleApiController } from './http/module-api.controller.js';
import { ModuleProtocolController } from './http/module-protocol.controller.js';
import { ModulePublishingApiController } from './http/module-publishing-api.controller.js';
import { ModuleCatalog } from './module-catalog.service.js';
import { ModuleDocumentation } from './module-documentation.service.js';
import { ModuleDocuments } from './module-documents.js';
import { ModuleInspector } from './module-inspector.js';
import { ModuleLifecycle } from './module-lifecycle.service.js';
import { ModuleNamespaces } from './module-namespaces.js';
import { ModulePublishing } from './module-publishing.service.js';
import { ModuleRecords } from './module-records.js';
import { ModuleRegistration } from './module-registration.service.js';
import { ModuleSearchEntry } from './module-search-entry.js';
import { ModuleVersionEntity } from './persistence/module-version.entity.js';
import { ModulesRepository } from './persistence/modules.repository.js';
import { RegistryModuleEntity } from './persistence/registry-module.entity.js';

/**
 * Terraform modules (not Nest modules): publish a version, read the protocol documents, deprecate, delete.
 * Routes: `/v1/modules/…` (frozen by the clients) and `/api/v1/modules/…`, `/api/v1/admin/modules/create`.
 * Tables: `registry_modules`, `module_versions`. Needs storage for archives, orgs for namespaces, usage for
 * download numbers.
 */
@Module({
  imports: [OrgsModule, SearchModule, StorageModule, UsageModule],
  controllers: [ModuleProtocolController, ModulePublishingApiController, ModuleApiController],
  providers: [
    ModuleCatalog,
    ModuleDocumentation,
    ModuleDocuments,
    ModuleInspector,
    ModuleLifecycle,
    ModuleNamespaces,
    ModulePublishing,
    ModuleRecords,
    ModuleRegistration,
    ModuleSearchEntry,
    ModulesRepository,
  ],
})
export class ModulesModule implements OnModuleInit {
  static readonly entities: Function[] = [RegistryModuleEntity, ModuleVersionEntity];

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
