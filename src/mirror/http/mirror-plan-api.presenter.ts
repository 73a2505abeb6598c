import type { DryRun, DryRunProvider, DryRunVersion } from '../domain/dry-run.js';
import type { MirrorPlanDto, PlannedProviderDto, PlannedVersionDto } from './mirror-plan-api.dto.js';

/** A dry run as the interface shows it. */
export function presentPlan(run: DryRun): MirrorPlanDto {
  return {
    providers_count: run.providerCount,
    versions_count: run.versionCount,
    packages_count: run.packageCount,
    known_bytes: run.knownBytes,
    unknown_sizes: run.unknownSizes,
    left_out_count: { ...run.leftOutCount },
    complete: run.isComplete,
    cut: run.isCut,
    providers: run.providers.map(presentProvider),
    failures: run.failures.map(({ about, code, message }) => ({ about, code, message })),
  };
}

function presentProvider({ name, versions, leftOut, warnings }: DryRunProvider): PlannedProviderDto {
  return {
    namespace: name.namespace,
    provider_name: name.type,
    versions: versions.map(presentVersion),
    left_out: leftOut.map(({ what, reason, detail }) => ({
      ...(what !== undefined && { what }),
      reason,
      ...(detail !== undefined && { detail }),
    })),
    warnings: [...warnings],
  };
}

function presentVersion(version: DryRunVersion): PlannedVersionDto {
  return {
    version: version.version,
    auto_approved: version.isAutoApproved,
    needs_trusted_key: version.needsKnownKey,
    packages: version.packages.map(({ platform, sizeBytes }) => {
      const [os = '', arch = ''] = platform.split('/');
      return { os, arch, ...(sizeBytes !== null && { bytes: sizeBytes }) };
    }),
  };
}
