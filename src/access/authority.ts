import { covers, intersectScopes, type Scope, SCOPES } from './scope.js';

/** A role that somebody has in an organization; without scopes where the membership has no template. */
export interface HeldRole {
  readonly organizationId: string;
  readonly isDefaultOrganization: boolean;
  readonly scopes: readonly Scope[];
}

/** What somebody may do now, organization by organization (REST contract 3.4 and 3.5). */
export interface Authority {
  /** Holds `admin` in the default organization, and so may do everything everywhere. */
  readonly isPlatformAdmin: boolean;
  /** The scopes of the role in each organization, by its id. */
  readonly organizations: ReadonlyMap<string, readonly Scope[]>;
  /**
   * In single-tenant mode the scopes over what all organizations share: modules, providers, mirrors and
   * source control. `undefined` in multi-tenant mode, where nothing is shared.
   */
  readonly shared: readonly Scope[] | undefined;
}

/** What a credential names: one organization and scopes there. */
export interface Confinement {
  readonly organizationId: string;
  readonly isDefaultOrganization: boolean;
  readonly scopes: readonly Scope[];
}

const SHARED = /^(?:modules|providers|mirrors|scm):/;

/** The authority of somebody with these roles. */
export function authorityOf(roles: readonly HeldRole[], isMultiTenant: boolean): Authority {
  return {
    isPlatformAdmin: roles.some(
      ({ isDefaultOrganization, scopes }) => isDefaultOrganization && scopes.includes('admin'),
    ),
    organizations: new Map(roles.map(({ organizationId, scopes }) => [organizationId, scopes])),
    shared: isMultiTenant ? undefined : roles.flatMap(sharedPart),
  };
}

/** The part of `owner` that a credential with these scopes in this organization may use. */
export function confineAuthority(owner: Authority, to: Confinement): Authority {
  const { organizationId, isDefaultOrganization, scopes } = to;
  const held = owner.isPlatformAdmin ? EVERYTHING : (owner.organizations.get(organizationId) ?? []);
  const isEverywhere = owner.shared !== undefined || isDefaultOrganization;
  const shared = owner.isPlatformAdmin ? EVERYTHING : owner.shared;
  return {
    isPlatformAdmin: owner.isPlatformAdmin && isEverywhere && scopes.includes('admin'),
    organizations: new Map([[organizationId, intersectScopes(scopes, held)]]),
    shared: owner.shared && intersectScopes(scopes, shared ?? []),
  };
}

/** Whether `authority` holds `scope` over something that `organizationId` owns. */
export function holds(authority: Authority, scope: Scope, organizationId: string): boolean {
  if (authority.isPlatformAdmin) return true;
  if (authority.shared !== undefined && SHARED.test(scope)) return covers(authority.shared, scope);
  return covers(authority.organizations.get(organizationId) ?? [], scope);
}

/** Whether `authority` holds `scope` in at least one organization. */
export function holdsAnywhere(authority: Authority, scope: Scope): boolean {
  if (authority.isPlatformAdmin) return true;
  if (authority.shared !== undefined && SHARED.test(scope)) return covers(authority.shared, scope);
  return [...authority.organizations.values()].some((scopes) => covers(scopes, scope));
}

/** The organizations whose rows a list may show to `authority`: ids, or all of them. */
export function organizationsWith(authority: Authority, scope: Scope): 'all' | readonly string[] {
  if (authority.isPlatformAdmin) return 'all';
  if (authority.shared !== undefined && SHARED.test(scope))
    return covers(authority.shared, scope) ? 'all' : [];
  return [...authority.organizations].filter(([, scopes]) => covers(scopes, scope)).map(([id]) => id);
}

/**
 * Every single scope that `authority` can hand out in `organizationId` (REST contract 3.4, rule 5): what it holds
 * there. Scopes over what all organizations share must be held over all of it, because whoever gets them from any
 * organization has them for that; `admin` of one organization does not include them.
 */
export function scopesIn(authority: Authority, organizationId: string): Scope[] {
  if (authority.isPlatformAdmin) return [...SCOPES];
  const held = authority.organizations.get(organizationId) ?? [];
  return SCOPES.filter((scope) => covers(held, scope) && holds(authority, scope, organizationId));
}

const EVERYTHING: readonly Scope[] = ['admin'];

/** `admin` of another organization than the default one gives nothing over what is shared. */
function sharedPart({ isDefaultOrganization, scopes }: HeldRole): readonly Scope[] {
  return isDefaultOrganization ? scopes : scopes.filter((scope) => scope !== 'admin');
}
