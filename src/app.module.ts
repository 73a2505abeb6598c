import { type DynamicModule, Module } from '@nestjs/common';
import { AuditDeliveryModule } from './audit/audit-delivery.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { DevModule } from './auth/dev.module.js';
import { TerraformLoginModule } from './auth/terraform-login.module.js';
import type { AppConfig } from './config/app-config.js';
import { ConfigModule } from './config/config.module.js';
import { DiscoveryModule } from './discovery/discovery.module.js';
import { MirrorModule } from './mirror/mirror.module.js';
import { ModulesModule } from './modules/modules.module.js';
import { OrgsModule } from './orgs/orgs.module.js';
import { CacheModule } from './platform/cache/cache.module.js';
import { ClockModule } from './platform/clock/clock.module.js';
import { CryptoModule } from './platform/crypto/crypto.module.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { DocumentsModule } from './platform/documents/documents.module.js';
import { HealthModule } from './platform/health/health.module.js';
import { ApiDocsModule } from './platform/http/api-docs.module.js';
import { HttpModule } from './platform/http/http.module.js';
import { migrateJobs } from './platform/jobs/job-schema.js';
import { JobsModule } from './platform/jobs/jobs.module.js';
import { MetricsModule } from './platform/metrics/metrics.module.js';
import { OutboundHttpModule } from './platform/outbound-http/outbound-http.module.js';
import { ProvidersModule } from './providers/providers.module.js';
import { SearchModule } from './search/search.module.js';
import { SetupModule } from './setup/setup.module.js';
import { StorageMigrationModule } from './storage/storage-migration.module.js';
import { StorageScrubModule } from './storage/storage-scrub.module.js';
import { StorageModule } from './storage/storage.module.js';
import { UsageModule } from './usage/usage.module.js';
import { WebModule } from './web/web.module.js';

/** Technical services that know no feature. */
const PLATFORM = [
  CacheModule,
  ClockModule,
  CryptoModule,
  JobsModule,
  HealthModule,
  HttpModule,
  OutboundHttpModule,
  ApiDocsModule,
  DocumentsModule,
];

/**
 * The table of contents of the product. "Module" and "provider" are Terraform's words here: `ModulesModule`
 * is the feature "Terraform modules", wired as a Nest module.
 */
const FEATURES = [
  AuditModule,
  AuditDeliveryModule,
  StorageModule,
  StorageMigrationModule,
  StorageScrubModule,
  OrgsModule,
  AuthModule,
  UsageModule,
  SearchModule,
  ModulesModule,
  ProvidersModule,
  MirrorModule,
  DiscoveryModule,
  SetupModule,
];

/** Every entity of the product, named by the module that owns its table. */
const ENTITIES = [
  AuditModule,
  CryptoModule,
  DocumentsModule,
  StorageModule,
  StorageMigrationModule,
  StorageScrubModule,
  OrgsModule,
  AuthModule,
  TerraformLoginModule,
  UsageModule,
  SearchModule,
]
  .flatMap((owner): Function[] => owner.entities)
  .concat(ModulesModule.entities, ProvidersModule.entities, MirrorModule.entities, SetupModule.entities);

/** The whole registry. Expects the log module beside it, because the log is older than the application. */
@Module({})
export class AppModule {
  /** `tool`: for commands, which leave a running server alone. */
  static forRoot(config: AppConfig, mode: 'serve' | 'tool' = 'serve'): DynamicModule {
    const database = DatabaseModule.forRoot(ENTITIES, { mode, libraries: [migrateJobs] });
    const imports = [
      ConfigModule.forRoot(config),
      database,
      MetricsModule.forRoot(),
      ...PLATFORM,
      ...FEATURES,
      WebModule.forRoot(config.web),
      ...(config.secrets.devMode && mode === 'serve' ? [DevModule] : []),
    ];
    return { module: AppModule, imports };
  }
}
