import type { Rotation } from '../api-key-issuing.service.js';
import type { ApiKey, IssuedApiKey } from '../domain/api-key.js';
import type { ApiKeyDto, NewApiKeyDto, RotatedApiKeyDto } from './api-keys-api.dto.js';

/** `ApiKey` of REST contract 4. */
export function presentKey(key: ApiKey): ApiKeyDto {
  return {
    id: key.id,
    user_id: key.userId,
    user_name: key.userName,
    organization_id: key.organizationId,
    name: key.name,
    description: key.description,
    key_prefix: key.keyPrefix,
    scopes: [...key.scopes],
    expires_at: key.expiresAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    created_at: key.createdAt.toISOString(),
  };
}

/** `NewApiKey` of REST contract 4. */
export function presentNewKey(issued: IssuedApiKey): NewApiKeyDto {
  return {
    id: issued.id,
    name: issued.name,
    description: issued.description === '' ? null : issued.description,
    key: issued.key,
    key_prefix: issued.keyPrefix,
    scopes: [...issued.scopes],
    expires_at: issued.expiresAt?.toISOString() ?? null,
    organization_id: issued.organizationId,
    created_at: issued.createdAt.toISOString(),
  };
}

/** The answer to a rotation of REST contract 14. */
export function presentRotation({ issued, oldEndsAt }: Rotation): RotatedApiKeyDto {
  return {
    new_key: presentNewKey(issued),
    old_key_status: oldEndsAt === null ? 'revoked' : 'expires_at',
    old_expires_at: oldEndsAt?.toISOString(),
  };
}
