import { Injectable } from '@nestjs/common';
import { decodeJwt } from 'jose';
import type { IdentifiedPrincipal } from '../access/principal.js';
import { AzureAdConfig } from '../config/azure-ad.config.js';
import { sha256Hex } from '../kernel/sha256.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { MemoryCache } from '../platform/cache/memory-cache.js';
import { BearerCredential, type CredentialCheck } from './bearer-credential.js';
import { entraSubject } from './domain/entra-claims.js';
import { EntraPrincipals } from './entra-principals.service.js';
import { IdentitySettings } from './identity-settings.service.js';
import { EntraTokenVerifier } from './ports/entra-token-verifier.js';

const TENANT = '([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})';
const V1_ISSUER = new RegExp(`^https://sts\\.windows\\.net/${TENANT}/$`);
const V2_ISSUER = new RegExp(`/${TENANT}/v2\\.0$`);
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const MAX_LENGTH = 16 * 1024;

/**
 * Access tokens of Entra ID as bearer credentials (REST contract 2.2, `auth.azure_ad.accept_access_tokens`). Only the
 * configured tenant counts. A token of a user acts as the user who has signed in with the same identity before; it
 * makes no account. A token of an application acts with the roles that its groups and application roles map to.
 */
@Injectable()
export class EntraAccessTokens extends BearerCredential {
  private readonly known = new MemoryCache<IdentifiedPrincipal | undefined>({
    lifeMs: 1_000,
    maxEntries: 10_000,
    keeps: (principal) => principal !== undefined,
  });

  constructor(
    private readonly config: AzureAdConfig,
    private readonly identity: IdentitySettings,
    private readonly verifier: EntraTokenVerifier,
    private readonly principals: EntraPrincipals,
    changes: CacheInvalidation,
  ) {
    super();
    changes.onChange('identity', () => this.known.clear());
    changes.onChange('settings', () => this.known.clear());
  }

  recognizes(token: string): boolean {
    if (!this.config.acceptAccessTokens || token.length > MAX_LENGTH || !COMPACT.test(token)) return false;
    return tenantIn(token, this.config.authorityUrl) !== undefined;
  }

  async check(token: string): Promise<CredentialCheck> {
    const { value: principal, readAtMs } = await this.known.get(sha256Hex(token), () => this.find(token));
    return principal === undefined ? { outcome: 'invalid' } : { outcome: 'valid', principal, readAtMs };
  }

  private async find(token: string): Promise<IdentifiedPrincipal | undefined> {
    const configuration = await this.identity.active('azuread');
    if (configuration === undefined) return undefined;
    const { clientId } = configuration;
    const tenantId = V2_ISSUER.exec(configuration.issuerUrl.toLowerCase())?.[1];
    if (tenantId === undefined || tenantIn(token, this.config.authorityUrl) !== tenantId) return undefined;
    const issuer = `${this.config.authorityUrl}/${tenantId}/v2.0`;
    const audience = this.config.audience.length > 0 ? this.config.audience : [clientId, `api://${clientId}`];
    const claims = await this.verifier.verify(token, { issuer, tenantId, clientId, audience });
    const subject = claims && entraSubject(claims, tenantId);
    return subject && this.principals.of(subject, claims, issuer, configuration);
  }
}

/** The tenant that issued a token, as the token itself says. */
function tenantIn(token: string, authority: string): string | undefined {
  try {
    const { iss } = decodeJwt(token);
    if (typeof iss !== 'string') return undefined;
    const [, v1] = V1_ISSUER.exec(iss) ?? [];
    if (v1 !== undefined) return v1;
    const [whole, v2] = V2_ISSUER.exec(iss) ?? [];
    return v2 !== undefined && iss === `${authority}${whole}` ? v2 : undefined;
  } catch {
    return undefined;
  }
}
