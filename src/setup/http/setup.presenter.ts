import type { IdentityInput, ShownConfiguration } from '../../auth/identity-settings.service.js';
import type { SetupStatus } from '../domain/setup-state.js';
import type { SetupOidcConfigDto, SetupOidcDto, SetupStatusDto } from './setup.dto.js';

const EPOCH = new Date(0);

/** The shape of `GET /api/v1/setup/status`. */
export function presentStatus(status: SetupStatus): SetupStatusDto {
  const { isCompleted, hasStorage, hasSignIn, hasAdministrator, storageConfiguredAt } = status;
  return {
    setup_completed: isCompleted,
    storage_configured: hasStorage,
    oidc_configured: hasSignIn,
    admin_configured: hasAdministrator,
    setup_required: !isCompleted,
    ...(storageConfiguredAt !== null && { storage_configured_at: storageConfiguredAt.toISOString() }),
  };
}

/** What the wizard sends, in the words of the service. */
export function identityInput(body: SetupOidcDto): IdentityInput {
  return {
    name: body.name,
    providerType: body.provider_type,
    issuerUrl: body.issuer_url,
    clientId: body.client_id,
    clientSecret: body.client_secret,
    redirectUrl: body.redirect_url,
    scopes: body.scopes,
    extraConfig: body.extra_config,
  };
}

/** An identity provider without its secret. */
export function presentIdentity(identity: ShownConfiguration): SetupOidcConfigDto {
  return {
    id: identity.id,
    name: identity.name,
    provider_type: identity.providerType,
    issuer_url: identity.issuerUrl,
    client_id: identity.clientId,
    redirect_url: identity.redirectUrl,
    scopes: [...identity.scopes],
    is_active: true,
    created_at: (identity.createdAt ?? EPOCH).toISOString(),
    updated_at: (identity.updatedAt ?? EPOCH).toISOString(),
  };
}
