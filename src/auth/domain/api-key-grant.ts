import { type Authority, scopesIn } from '../../access/authority.js';
import type { Scope } from '../../access/scope.js';

/** The first of `scopes` that `authority` may not put into a key of this organization. */
export function firstExcess(
  scopes: readonly Scope[],
  authority: Authority,
  organizationId: string,
): Scope | undefined {
  const allowed = scopesIn(authority, organizationId);
  return scopes.find((scope) => !allowed.includes(scope));
}
