import type { Page } from '../../kernel/page.js';
import { presentPagination } from '../../platform/http/pagination.presenter.js';
import type { MirrorSync, MirrorSyncLine } from '../domain/mirror-sync.js';
import type { MirrorSyncDetailDto, MirrorSyncDto, MirrorSyncPackageDto } from './mirror-syncs-api.dto.js';

/** `MirrorSync` of REST contract 4, without its details. */
export function presentSyncBriefly(sync: MirrorSync): MirrorSyncDto {
  return {
    id: sync.id,
    mirror_config_id: sync.mirrorId,
    triggered_by: sync.triggeredBy,
    ...(sync.namespace !== null && { namespace: sync.namespace }),
    ...(sync.providerType !== null && { provider_name: sync.providerType }),
    started_at: sync.startedAt.toISOString(),
    ...(sync.completedAt !== null && { completed_at: sync.completedAt.toISOString() }),
    status: sync.status,
    cancel_requested: sync.isCancelRequested,
    ...(sync.providersPlanned !== null && { providers_planned: sync.providersPlanned }),
    ...(sync.packagesPlanned !== null && { packages_planned: sync.packagesPlanned }),
    packages_done: sync.packagesDone,
    bytes_done: sync.bytesDone,
    providers_synced: sync.providersSynced,
    providers_failed: sync.providersFailed,
    ...(sync.errorMessage !== null && { error_message: sync.errorMessage }),
  };
}

/** `MirrorSync` of REST contract 4. */
export function presentSync(sync: MirrorSync): MirrorSyncDto {
  const { details } = sync;
  const hasDetails = details !== null && details !== undefined;
  return { ...presentSyncBriefly(sync), ...(hasDetails && { sync_details: JSON.stringify(details) }) };
}

/** A run with one page of what became of its packages. */
export function presentSyncDetail(sync: MirrorSync, lines: Page<MirrorSyncLine>): MirrorSyncDetailDto {
  return {
    sync: presentSync(sync),
    packages: lines.items.map(presentLine),
    pagination: presentPagination(lines),
  };
}

function presentLine(line: MirrorSyncLine): MirrorSyncPackageDto {
  const [os = '', arch = ''] = line.platform.split('_');
  return {
    namespace: line.namespace,
    provider_name: line.providerType,
    version: line.version,
    os,
    arch,
    outcome: line.outcome,
    bytes: line.bytes,
    ...(line.errorCode !== null && { error_code: line.errorCode }),
    ...(line.message !== null && { error_message: line.message }),
    created_at: line.createdAt.toISOString(),
  };
}
