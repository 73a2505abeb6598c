import type { StorageScrubConfig } from '../../config/storage-scrub.config.js';
import type { Page } from '../../kernel/page.js';
import { presentPagination } from '../../platform/http/pagination.presenter.js';
import type { Artifact } from '../domain/artifact.js';
import { DAMAGES, REPAIR_RESULTS } from '../domain/scrub-damage.js';
import type { ScrubbedStorage } from '../scrub-status.service.js';
import type { DamagedArtifactDto, ScrubbedStorageDto, ScrubStateDto } from './scrub.dto.js';

export function presentScrub(
  config: StorageScrubConfig,
  storages: readonly ScrubbedStorage[],
  damaged: Page<Artifact>,
): ScrubStateDto {
  return {
    enabled: config.enabled,
    interval_seconds: config.intervalMs / 1000,
    max_bytes_per_second: config.maxBytesPerSecond,
    storages: storages.map(presentStorage),
    damaged: damaged.items.map(presentDamaged),
    pagination: presentPagination(damaged),
  };
}

function presentStorage({ storage, state, cycle, counts }: ScrubbedStorage): ScrubbedStorageDto {
  return {
    storage,
    state,
    problem: cycle?.problem ?? null,
    retry_at: timeOf(cycle?.retryAt),
    cycle_started_at: timeOf(cycle?.cycleStartedAt),
    cycle_ended_at: timeOf(cycle?.cycleEndedAt),
    last_full_cycle_at: timeOf(cycle?.lastFullCycleAt),
    objects_checked: cycle?.objects ?? 0,
    bytes_checked: cycle?.bytes ?? 0,
    objects_due: counts.due,
    objects_found_damaged: cycle?.damaged ?? 0,
    objects_repaired: cycle?.repaired ?? 0,
    objects_total: counts.artifacts,
    objects_damaged: counts.damaged,
    objects_unread: counts.unread,
    oldest_verification_at: timeOf(counts.oldestVerificationAt),
  };
}

export function presentDamaged(artifact: Artifact): DamagedArtifactDto {
  const { id, storage, key, digest, sizeBytes, repairResult } = artifact;
  const damage = artifact.damage!;
  return {
    id,
    storage,
    key,
    sha256: digest,
    size_bytes: sizeBytes,
    damage,
    message: DAMAGES[damage],
    damaged_at: artifact.damagedAt!.toISOString(),
    repair_tried_at: timeOf(artifact.repairTriedAt),
    repair_result: repairResult,
    repair_message: repairResult === null ? null : REPAIR_RESULTS[repairResult],
  };
}

function timeOf(time: Date | null | undefined): string | null {
  return time?.toISOString() ?? null;
}
