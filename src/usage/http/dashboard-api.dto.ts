import { ApiProperty } from '@nestjs/swagger';

export class ModulesBySystemDto {
  system: string;
  count: number;
}

export class DashboardModulesDto {
  total: number;
  versions: number;
  downloads: number;
  /** The eight largest. */
  by_system: ModulesBySystemDto[];
}

export class DashboardProvidersDto {
  total: number;
  manual: number;
  mirrored: number;
  total_versions: number;
  manual_versions: number;
  mirrored_versions: number;
  downloads: number;
}

/** Enabled mirrors; one that never ran is healthy. */
export class DashboardMirrorsDto {
  total: number;
  healthy: number;
  failed: number;
  syncing: number;
}

export class PlatformsByToolDto {
  tool: string;
  platforms: number;
}

export class DashboardBinaryMirrorsDto extends DashboardMirrorsDto {
  platforms: number;
  downloads: number;
  by_tool: PlatformsByToolDto[];
}

export class RecentSyncDto {
  mirror_name: string;
  @ApiProperty({ enum: ['binary', 'provider'] })
  mirror_type: 'binary' | 'provider';
  status: string;
  started_at: string;
  completed_at: string | null;
  versions_synced: number;
  platforms_synced: number;
  triggered_by: string;
}

/** What the caller may see, in numbers (REST contract 27). */
export class DashboardDto {
  modules: DashboardModulesDto;
  providers: DashboardProvidersDto;
  users: number;
  organizations: number;
  /** Of modules, providers and binaries. */
  downloads: number;
  scm_providers: number;
  binary_mirrors: DashboardBinaryMirrorsDto;
  provider_mirrors: DashboardMirrorsDto;
  /** At most eight, newest first. */
  recent_syncs: RecentSyncDto[];
}
