import type { SelectionInput } from '../bundles/bundle-selection.js';
import type { ImportReport } from '../bundles/import-report.js';
import type { BundleImportReportDto, ExportBundleDto } from './mirror-bundles-api.dto.js';

/** What an import did, as the API shows it. */
export function presentImportReport({
  lines,
  signerFingerprint,
  exportedBy,
  createdAt,
  ...counts
}: ImportReport): BundleImportReportDto {
  return {
    ...counts,
    signer: signerFingerprint,
    exported_by: exportedBy,
    created_at: createdAt.toISOString(),
    versions: lines.map(({ type, ...line }) => ({ ...line, provider_name: type })),
  };
}

/** What an export was asked for. */
export function selectionOf(body: ExportBundleDto): SelectionInput {
  return {
    hosts: body.hosts,
    namespaces: body.namespace_filter,
    types: body.provider_filter,
    versions: body.version_filter,
    platforms: body.platform_filter,
    withPrereleases: body.with_prereleases,
    inventory: body.inventory,
  };
}
