import type { PublishedFrom } from '../../access/principal.js';
import type { VersionLife } from '../../kernel/terraform/version-life.js';
import type { VersionLifeDto } from './version-life.dto.js';

/** The life of a version that is not deleted, as every version list shows it; absent values are left out. */
export function presentLife(
  version: VersionLife & { readonly publishedFrom: PublishedFrom | null },
): Omit<VersionLifeDto, 'created_at'> {
  return {
    published_at: version.publishedAt.toISOString(),
    published_by: version.publishedBy ?? undefined,
    published_by_name: version.publishedByName ?? undefined,
    published_from: version.publishedFrom ?? undefined,
    deprecated: version.deprecatedAt !== null,
    deprecated_at: version.deprecatedAt?.toISOString(),
    deprecation_message: version.deprecationMessage ?? undefined,
    replacement: version.replacement ?? undefined,
    state: version.state as VersionLifeDto['state'],
    state_reason: version.stateReason ?? undefined,
    withdraw_mode: version.state === 'withdrawn' ? (version.withdrawMode ?? undefined) : undefined,
  };
}
