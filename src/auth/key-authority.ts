import type { ApiKeyPrincipal } from '../access/principal.js';
import { intersectScopes, type Scope } from '../access/scope.js';
import type { KeyFacts, KeyOwner } from './key-facts.js';

/** What a key may do now (REST contract 3.4): its own scopes, as far as its owner holds them where it acts. */
export function principalOf(key: KeyFacts, isMultiTenant: boolean): ApiKeyPrincipal {
  const scopes = effectiveScopes(key, isMultiTenant);
  return {
    kind: 'api-key',
    keyId: key.id,
    organizationId: key.organizationId,
    userId: key.owner?.userId ?? null,
    name: key.owner?.name ?? key.name,
    scopes,
    // In single-tenant mode `admin` is left only when it comes from the default organization.
    isPlatformAdmin: scopes.includes('admin') && (!isMultiTenant || key.isDefaultOrganization),
  };
}

function effectiveScopes(key: KeyFacts, isMultiTenant: boolean): Scope[] {
  if (key.owner !== null) return intersectScopes(key.scopes, scopesOfOwner(key.owner, key, isMultiTenant));
  const isConfined = !isMultiTenant && !key.isDefaultOrganization;
  return key.scopes.filter((scope) => !(isConfined && scope === 'admin'));
}

function scopesOfOwner(owner: KeyOwner, key: KeyFacts, isMultiTenant: boolean): Scope[] {
  if (isMultiTenant) {
    const own = owner.memberships.find(({ organizationId }) => organizationId === key.organizationId);
    return [...(own?.scopes ?? [])];
  }
  return owner.memberships.flatMap(({ scopes, isDefaultOrganization }) =>
    scopes.filter((scope) => scope !== 'admin' || isDefaultOrganization),
  );
}
