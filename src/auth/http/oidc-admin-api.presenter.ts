import type { ShownConfiguration } from '../identity-settings.service.js';
import type { OidcConfigDto } from './oidc-admin-api.dto.js';

const SECRET_NAME = /secret|password|private|token|credential/i;

/** `OidcConfig` of REST contract 4; values that are not set are left out. */
export function presentOidcConfig(identity: ShownConfiguration): OidcConfigDto {
  const { groupClaimName, groupMappings, defaultRole, extraConfig, createdBy, updatedBy } = identity;
  return {
    id: identity.id,
    name: identity.name,
    provider_type: identity.providerType,
    issuer_url: identity.issuerUrl,
    client_id: identity.clientId,
    redirect_url: identity.redirectUrl,
    scopes: [...identity.scopes],
    is_active: identity.isActive,
    ...(groupClaimName !== '' && { group_claim_name: groupClaimName }),
    ...(groupMappings.length > 0 && {
      group_mappings: groupMappings.map(({ group, organization, role }) => ({ group, organization, role })),
    }),
    ...(defaultRole !== '' && { default_role: defaultRole }),
    ...(extraConfig !== null && { extra_config: withoutSecrets(extraConfig) }),
    created_at: identity.createdAt.toISOString(),
    updated_at: identity.updatedAt.toISOString(),
    ...(createdBy !== null && { created_by: createdBy }),
    ...(updatedBy !== null && { updated_by: updatedBy }),
  };
}

/** `extra_config` is free form; nothing whose name says that it is a secret is shown. */
function withoutSecrets(extra: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(extra).filter(([name]) => !SECRET_NAME.test(name)));
}
