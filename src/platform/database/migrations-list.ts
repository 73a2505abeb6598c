import { InitialSchema20261122120000 } from '../../../migrations/20261122120000-initial-schema.js';
import { JobHeartbeats20261122120100 } from '../../../migrations/20261122120100-job-heartbeats.js';
import { People20261122180000 } from '../../../migrations/20261122180000-people.js';
import { Memberships20261122180050 } from '../../../migrations/20261122180050-memberships.js';
import { ApiKeyLife20261122180100 } from '../../../migrations/20261122180100-api-keys.js';
import { Sessions20261122180200 } from '../../../migrations/20261122180200-sessions.js';
import { SignIn20261122180300 } from '../../../migrations/20261122180300-sign-in.js';
import { TrustedPublishers20261122180400 } from '../../../migrations/20261122180400-trusted-publishers.js';
import { AuditLog20261122180500 } from '../../../migrations/20261122180500-audit-log.js';
import { TerraformLogin20261122180600 } from '../../../migrations/20261122180600-terraform-login.js';
import { Setup20261122180700 } from '../../../migrations/20261122180700-setup.js';
import { RateLimits20261122180800 } from '../../../migrations/20261122180800-rate-limits.js';
import { SessionSid20261122181000 } from '../../../migrations/20261122181000-session-sid.js';
import { StorageConfigurations20261122210000 } from '../../../migrations/20261122210000-storage-configurations.js';
import { StorageMigrations20261122210100 } from '../../../migrations/20261122210100-storage-migrations.js';
import { Scrub20261122210200 } from '../../../migrations/20261122210200-scrub.js';
import { SessionRenewals20261122220000 } from '../../../migrations/20261122220000-session-renewals.js';
import { UsableApiKeys20261122220100 } from '../../../migrations/20261122220100-usable-api-keys.js';
import { VersionLife20261123010000 } from '../../../migrations/20261123010000-version-life.js';
import { DownloadBreakdown20261123010100 } from '../../../migrations/20261123010100-download-breakdown.js';
import { ModuleDocumentation20261123010200 } from '../../../migrations/20261123010200-module-documentation.js';
import { ProviderDocumentation20261123010300 } from '../../../migrations/20261123010300-provider-documentation.js';
import { SearchDocuments20261123010400 } from '../../../migrations/20261123010400-search-documents.js';
import { MirroredProviders20261124010000 } from '../../../migrations/20261124010000-mirrored-providers.js';
import { ProviderMirrors20261124010100 } from '../../../migrations/20261124010100-provider-mirrors.js';
import { UpstreamAnswers20261124010200 } from '../../../migrations/20261124010200-upstream-answers.js';
import { SearchRanges20261124010300 } from '../../../migrations/20261124010300-search-ranges.js';
import { PulledModules20261125010000 } from '../../../migrations/20261125010000-pulled-modules.js';
import { SearchPartitions20261125010100 } from '../../../migrations/20261125010100-search-partitions.js';

/** Every migration of the product, oldest first. */
export const MIGRATIONS = [
  InitialSchema20261122120000,
  JobHeartbeats20261122120100,
  People20261122180000,
  Memberships20261122180050,
  ApiKeyLife20261122180100,
  Sessions20261122180200,
  SignIn20261122180300,
  TrustedPublishers20261122180400,
  AuditLog20261122180500,
  TerraformLogin20261122180600,
  Setup20261122180700,
  RateLimits20261122180800,
  SessionSid20261122181000,
  StorageConfigurations20261122210000,
  StorageMigrations20261122210100,
  Scrub20261122210200,
  SessionRenewals20261122220000,
  UsableApiKeys20261122220100,
  VersionLife20261123010000,
  DownloadBreakdown20261123010100,
  ModuleDocumentation20261123010200,
  ProviderDocumentation20261123010300,
  SearchDocuments20261123010400,
  MirroredProviders20261124010000,
  ProviderMirrors20261124010100,
  UpstreamAnswers20261124010200,
  SearchRanges20261124010300,
  PulledModules20261125010000,
  SearchPartitions20261125010100,
];
