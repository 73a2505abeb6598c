import { describe, expect, it } from 'vitest';
import {
  authorityOf,
  confineAuthority,
  type HeldRole,
  holds,
  holdsAnywhere,
  organizationsWith,
  scopesIn,
} from './authority.js';
import { type Scope, SCOPES } from './scope.js';

const HOME = 'default-organization';
const TEAM = 'team-organization';
const OTHER = 'other-organization';

const role = (organizationId: string, ...scopes: Scope[]): HeldRole => ({
  organizationId,
  isDefaultOrganization: organizationId === HOME,
  scopes,
});

describe('authority with several tenants', () => {
  const of = (...roles: HeldRole[]) => authorityOf(roles, true);

  it('counts in its organization only', () => {
    const authority = of(role(TEAM, 'admin'), role(OTHER, 'modules:read'));
    expect(holds(authority, 'modules:write', TEAM)).toBe(true);
    expect(holds(authority, 'modules:read', OTHER)).toBe(true);
    expect(holds(authority, 'modules:write', OTHER)).toBe(false);
    expect(holds(authority, 'modules:read', HOME)).toBe(false);
    expect(organizationsWith(authority, 'modules:read')).toEqual([TEAM, OTHER]);
    expect(organizationsWith(authority, 'users:read')).toEqual([TEAM]);
  });

  it('is everywhere for administrators of the default organization, and for nobody else', () => {
    const platform = of(role(HOME, 'admin'));
    expect(platform.isPlatformAdmin).toBe(true);
    for (const scope of SCOPES) expect(holds(platform, scope, OTHER)).toBe(true);
    expect(organizationsWith(platform, 'admin')).toBe('all');
    expect(of(role(TEAM, 'admin')).isPlatformAdmin).toBe(false);
  });

  it('is handed out as far as it is held there', () => {
    expect(scopesIn(of(role(TEAM, 'admin')), TEAM)).toEqual([...SCOPES]);
    expect(scopesIn(of(role(TEAM, 'modules:write')), TEAM)).toEqual(['modules:read', 'modules:write']);
    expect(scopesIn(of(role(TEAM, 'admin')), OTHER)).toEqual([]);
  });
});

describe('authority with one tenant', () => {
  const of = (...roles: HeldRole[]) => authorityOf(roles, false);

  it('is shared over what is published, whatever organization gave it', () => {
    const authority = of(role(TEAM, 'modules:write', 'users:read'));
    expect(holds(authority, 'modules:write', HOME)).toBe(true);
    expect(holds(authority, 'users:read', HOME)).toBe(false);
    expect(holds(authority, 'users:read', TEAM)).toBe(true);
    expect(organizationsWith(authority, 'modules:read')).toBe('all');
  });

  it('does not make publishers of administrators of a group', () => {
    const authority = of(role(TEAM, 'admin'));
    expect(holds(authority, 'organizations:write', TEAM)).toBe(true);
    for (const scope of ['modules:read', 'providers:write', 'mirrors:manage', 'scm:read'] as const) {
      expect(holds(authority, scope, TEAM)).toBe(false);
      expect(holdsAnywhere(authority, scope)).toBe(false);
    }
  });

  it('cannot be had by handing it to oneself (threat C4)', () => {
    const given = scopesIn(of(role(TEAM, 'admin')), TEAM);
    expect(given).toContain('admin');
    expect(given).toContain('users:write');
    expect(given.filter((scope) => /^(?:modules|providers|mirrors|scm):/.test(scope))).toEqual([]);
    const publisher = of(role(TEAM, 'admin'), role(OTHER, 'modules:write'));
    expect(scopesIn(publisher, TEAM)).toContain('modules:write');
  });
});

describe('a credential of somebody', () => {
  const to = (organizationId: string, ...scopes: Scope[]) => role(organizationId, ...scopes);

  it.each([true, false])(
    'never does more than its owner, nor than it names (several tenants: %s)',
    (isMultiTenant) => {
      const organizations = [HOME, TEAM, OTHER];
      for (const held of SCOPES) {
        for (const named of SCOPES) {
          for (const where of organizations) {
            const owner = authorityOf([role(TEAM, held)], isMultiTenant);
            const key = confineAuthority(owner, to(where, named));
            const alone = authorityOf([to(where, named)], isMultiTenant);
            for (const scope of SCOPES) {
              for (const target of organizations) {
                if (!holds(key, scope, target)) continue;
                expect(holds(owner, scope, target), `${held} ${named} ${scope}`).toBe(true);
                const isNamed = named === 'admin' || holds(alone, scope, target);
                expect(isNamed, `${held} ${named} ${scope}`).toBe(true);
              }
            }
          }
        }
      }
    },
  );

  it('does what it names anywhere when its owner administers the platform', () => {
    const owner = authorityOf([role(HOME, 'admin')], true);
    const key = confineAuthority(owner, to(TEAM, 'modules:write'));
    expect(key.isPlatformAdmin).toBe(false);
    expect(holds(key, 'modules:write', TEAM)).toBe(true);
    expect(holds(key, 'modules:write', OTHER)).toBe(false);
    expect(confineAuthority(owner, to(HOME, 'admin')).isPlatformAdmin).toBe(true);
    expect(confineAuthority(owner, to(TEAM, 'admin')).isPlatformAdmin).toBe(false);
  });
});
