import { type Authority, authorityOf, confineAuthority, holds } from '../access/authority.js';
import type { ApiKeyPrincipal } from '../access/principal.js';
import { SCOPES, type Scope } from '../access/scope.js';
import type { KeyFacts } from './key-facts.js';

/** What a key may do now (REST contract 3.4): its own scopes, as far as its owner holds them where it acts. */
export function principalOf(key: KeyFacts, isMultiTenant: boolean): ApiKeyPrincipal {
  const { id, organizationId, owner } = key;
  const authority = authorityOfKey(key, isMultiTenant);
  return {
    kind: 'api-key',
    keyId: id,
    organizationId,
    userId: owner?.userId ?? null,
    name: owner?.name ?? key.name,
    email: owner?.email ?? null,
    authority,
    scopes: effectiveScopes(authority, organizationId),
    expiresAt: key.expiresAt,
    namespaces: key.namespaces,
    publishedFrom: key.publishedFrom,
  };
}

function authorityOfKey(key: KeyFacts, isMultiTenant: boolean): Authority {
  // A key without an owner belongs to its organization, and holds there what it says.
  if (key.owner === null) return authorityOf([key], isMultiTenant);
  return confineAuthority(authorityOf(key.owner.memberships, isMultiTenant), key);
}

/** In single-tenant mode `admin` is left only when it comes from the default organization. */
function effectiveScopes(authority: Authority, organizationId: string): Scope[] {
  const isAdmin = authority.isPlatformAdmin || authority.shared === undefined;
  return SCOPES.filter((scope) => (scope !== 'admin' || isAdmin) && holds(authority, scope, organizationId));
}
