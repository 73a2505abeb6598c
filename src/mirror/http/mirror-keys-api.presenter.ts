import type { Page } from '../../kernel/page.js';
import { presentPagination } from '../../platform/http/pagination.presenter.js';
import type { SignedVersion } from '../domain/mirror-key.js';
import type { ListedMirrorKey } from '../keys/mirror-key-decisions.service.js';
import type { MirrorKeyDto, SignedVersionListDto } from './mirror-keys-api.dto.js';

/** A key of a mirror as the API shows it. */
export function presentMirrorKey({ key, info }: ListedMirrorKey): MirrorKeyDto {
  return {
    id: key.id,
    namespace: key.namespace,
    fingerprint: key.fingerprint,
    key_id: info.keyId,
    algorithm: info.algorithm,
    expires_at: info.expiresAt?.toISOString() ?? null,
    ascii_armor: key.armor,
    state: key.state,
    source: key.source,
    decided_by_name: key.decidedByName,
    decided_at: key.decidedAt?.toISOString() ?? null,
    first_seen_at: key.firstSeenAt.toISOString(),
  };
}

/** What a key signed as the API shows it. */
export function presentSignedVersions(signed: Page<SignedVersion>): SignedVersionListDto {
  const versions = signed.items.map(({ namespace, type, version, state, stateReason }) => ({
    namespace,
    provider_name: type,
    version,
    state,
    state_reason: stateReason,
  }));
  return { versions, pagination: presentPagination(signed) };
}
