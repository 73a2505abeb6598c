import { describe, expect, it } from 'vitest';
import type { Scope } from '../access/scope.js';
import type { KeyFacts } from './key-facts.js';
import { principalOf } from './key-authority.js';

const DEFAULT = 'default-organization';
const TEAM = 'team-organization';

function key(scopes: Scope[], memberships?: [string, Scope[]][], organizationId = DEFAULT): KeyFacts {
  const facts = {
    id: 'key',
    digest: Buffer.alloc(32),
    name: 'ci',
    organizationId,
    isDefaultOrganization: organizationId === DEFAULT,
    scopes,
    expiresAt: null,
    namespaces: null,
    publishedFrom: null,
  };
  if (memberships === undefined) return { ...facts, owner: null };
  const owner = {
    userId: 'user',
    name: 'Ada',
    email: 'ada@example.com',
    isActive: true,
    memberships: memberships.map(([organization, held]) => ({
      organizationId: organization,
      isDefaultOrganization: organization === DEFAULT,
      scopes: held,
    })),
  };
  return { ...facts, owner };
}

describe('what a key may do in multi-tenant mode', () => {
  it('is what its owner may do in the organization of the key, not elsewhere', () => {
    const facts = key(
      ['modules:write'],
      [
        [DEFAULT, ['modules:write']],
        [TEAM, ['modules:read']],
      ],
      TEAM,
    );
    expect(principalOf(facts, true).scopes).toEqual(['modules:read']);
  });

  it('is nothing once its owner has left the organization', () => {
    expect(principalOf(key(['admin'], [[DEFAULT, ['modules:write']]], TEAM), true)).toMatchObject({
      scopes: [],
      authority: { isPlatformAdmin: false },
    });
  });

  it('is all it names, wherever it acts, when its owner is a platform administrator', () => {
    const principal = principalOf(key(['modules:write'], [[DEFAULT, ['admin']]], TEAM), true);
    expect(principal.scopes).toEqual(['modules:read', 'modules:write']);
    expect(principal.authority.isPlatformAdmin).toBe(false);
  });

  it('makes a platform administrator only of admin in the default organization', () => {
    expect(principalOf(key(['admin'], [[DEFAULT, ['admin']]]), true).authority.isPlatformAdmin).toBe(true);
    expect(principalOf(key(['admin'], [[TEAM, ['admin']]], TEAM), true)).toMatchObject({
      authority: { isPlatformAdmin: false },
      scopes: expect.arrayContaining(['admin']) as unknown,
    });
    expect(principalOf(key(['modules:read'], [[DEFAULT, ['admin']]]), true).authority.isPlatformAdmin).toBe(
      false,
    );
    expect(principalOf(key(['admin'], undefined, TEAM), true).authority.isPlatformAdmin).toBe(false);
  });
});

describe('what a key may do in single-tenant mode', () => {
  it('is the union of all memberships of its owner, within the scopes of the key', () => {
    const facts = key(
      ['modules:write', 'providers:read'],
      [
        [DEFAULT, ['providers:write']],
        [TEAM, ['modules:write']],
      ],
    );
    expect(principalOf(facts, false).scopes).toEqual(['modules:read', 'modules:write', 'providers:read']);
  });

  it('counts admin from the default organization only', () => {
    const { scopes } = principalOf(key(['admin'], [[TEAM, ['admin']]], TEAM), false);
    expect(scopes).toContain('users:write');
    for (const scope of ['admin', 'modules:read', 'providers:read', 'mirrors:read', 'scm:read']) {
      expect(scopes).not.toContain(scope);
    }
    expect(principalOf(key(['admin'], [[DEFAULT, ['admin']]], TEAM), false).authority.isPlatformAdmin).toBe(
      true,
    );
    expect(principalOf(key(['modules:read'], undefined, TEAM), false).scopes).toEqual(['modules:read']);
  });

  it('names the owner, or the key when it has none', () => {
    expect(principalOf(key(['modules:read'], []), false).name).toBe('Ada');
    expect(principalOf(key(['modules:read']), false)).toMatchObject({ name: 'ci', userId: null });
  });
});
