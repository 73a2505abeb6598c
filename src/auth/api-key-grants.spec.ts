import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorityOf } from '../access/authority.js';
import type { IdentifiedPrincipal } from '../access/principal.js';
import { SCOPES, type Scope } from '../access/scope.js';
import type { AuthorizedUser } from '../orgs/user-authority.service.js';
import { ApiKeyGrants } from './api-key-grants.service.js';
import { makerOf } from './domain/api-key-access.js';
import { checkEnd } from './domain/api-key-lifetime.js';
import { principalOf } from './key-authority.js';
import type { ApiKeyAdministrationRepository } from './persistence/api-key-administration.repository.js';

const ORGANIZATIONS = ['default', 'a', 'b'] as const;
type Organization = (typeof ORGANIZATIONS)[number];
type Roles = Readonly<Partial<Record<Organization, readonly Scope[]>>>;

const NOW = new Date('2030-01-01T00:00:00Z');
const HOUR_MS = 3_600_000;
const never = Number.POSITIVE_INFINITY;

interface Credential {
  readonly roles: Roles | null;
  readonly key: { organization: Organization; scopes: readonly Scope[]; endsInHours: number } | null;
}

/** What may be done, as a set of `organization scope`, worked out by listing, not by comparing. */
type Powers = ReadonlySet<string>;

// The model: rules 3.4 and 3.5 of the contract as tables of single permissions.
const IMPLICATIONS: Record<string, string[]> = {
  admin: [...SCOPES],
  'modules:write': ['modules:read'],
  'providers:write': ['providers:read'],
  'mirrors:manage': ['mirrors:read'],
  'users:write': ['users:read'],
  'organizations:write': ['organizations:read'],
  'scm:manage': ['scm:read'],
};
const meaning = (scopes: readonly string[]): Set<string> =>
  new Set(scopes.flatMap((scope) => [scope, ...(IMPLICATIONS[scope] ?? [])]));
const isShared = (scope: string): boolean =>
  ['modules', 'providers', 'mirrors', 'scm'].includes(scope.split(':')[0]!);
const everything = (): Powers =>
  new Set(ORGANIZATIONS.flatMap((one) => SCOPES.map((scope) => `${one} ${scope}`)));
const isPlatformAdmin = (roles: Roles): boolean => roles.default?.includes('admin') === true;

function powersOfRoles(roles: Roles, isMultiTenant: boolean): Powers {
  if (isPlatformAdmin(roles)) return everything();
  const powers = new Set<string>();
  for (const [organization, scopes] of Object.entries(roles)) {
    for (const scope of meaning(scopes)) {
      if (isMultiTenant || !isShared(scope)) powers.add(`${organization} ${scope}`);
    }
    if (isMultiTenant) continue;
    for (const scope of meaning(scopes.filter((one) => one !== 'admin' || organization === 'default'))) {
      if (isShared(scope)) for (const one of ORGANIZATIONS) powers.add(`${one} ${scope}`);
    }
  }
  return powers;
}

function powersOf({ roles, key }: Credential, isMultiTenant: boolean): Powers {
  if (key === null) return powersOfRoles(roles ?? {}, isMultiTenant);
  if (roles === null) return powersOfRoles({ [key.organization]: key.scopes }, isMultiTenant);
  const owner = powersOfRoles(roles, isMultiTenant);
  const isUnconfined = !isMultiTenant || key.organization === 'default';
  if (isPlatformAdmin(roles) && key.scopes.includes('admin') && isUnconfined) return owner;
  const named = meaning(key.scopes);
  return new Set(
    [...owner].filter((power) => {
      const [organization, scope] = power.split(' ') as [Organization, string];
      const isReached = organization === key.organization || (!isMultiTenant && isShared(scope));
      return isReached && named.has(scope);
    }),
  );
}

// The product, with the same facts.
const heldRoles = (roles: Roles) =>
  Object.entries(roles).map(([organizationId, scopes]) => ({
    organizationId,
    isDefaultOrganization: organizationId === 'default',
    scopes,
  }));

function userOf(roles: Roles, isMultiTenant: boolean): AuthorizedUser {
  return {
    userId: 'user',
    name: 'Ada',
    email: 'ada@example.com',
    authority: authorityOf(heldRoles(roles), isMultiTenant),
  };
}

function principalWith({ roles, key }: Credential, isMultiTenant: boolean): IdentifiedPrincipal {
  if (key === null) {
    return {
      kind: 'user',
      credential: { kind: 'session', id: 'session' },
      ...userOf(roles ?? {}, isMultiTenant),
    };
  }
  const owner =
    roles === null
      ? null
      : { userId: 'user', name: 'Ada', email: '', isActive: true, memberships: heldRoles(roles) };
  const expiresAt = key.endsInHours === never ? null : new Date(NOW.getTime() + key.endsInHours * HOUR_MS);
  return principalOf(
    {
      id: 'key',
      digest: Buffer.alloc(32),
      name: 'ci',
      organizationId: key.organization,
      isDefaultOrganization: key.organization === 'default',
      scopes: key.scopes,
      expiresAt,
      namespaces: null,
      publishedFrom: null,
      owner,
    },
    isMultiTenant,
  );
}

const wantedScopes = fc.uniqueArray(fc.constantFrom(...SCOPES), { minLength: 1, maxLength: 2 });
const heldScopes = fc.oneof(
  fc.subarray(
    [...SCOPES].filter((scope) => scope !== 'admin'),
    { minLength: 1 },
  ),
  fc.constant<Scope[]>(['admin']),
);
const role = fc.oneof({ arbitrary: heldScopes, weight: 5 }, fc.constant<Scope[]>([]));
const roles: fc.Arbitrary<Roles> = fc.record({ default: role, a: role, b: role }, { requiredKeys: [] });
const organization = fc.constantFrom(...ORGANIZATIONS);
const hours = fc.oneof(fc.constant(never), fc.integer({ min: 1, max: 100 }));
const credential: fc.Arbitrary<Credential> = fc.oneof(
  fc.record({ roles, key: fc.constant(null) }),
  fc.record({
    roles: fc.option(roles),
    key: fc.record({ organization, scopes: heldScopes, endsInHours: hours }),
  }),
);
const request = fc.record({
  isMultiTenant: fc.boolean(),
  caller: credential,
  owner: fc.option(roles),
  organization,
  scopes: wantedScopes,
  endsInHours: fc.oneof({ arbitrary: hours, weight: 9 }, fc.integer({ min: -5, max: 0 })),
  maxHours: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, fc.integer({ min: 1, max: 80 })),
});
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

const grants = new ApiKeyGrants({
  roleNameOf: () => Promise.resolve(undefined),
} as unknown as ApiKeyAdministrationRepository);

/** Whether the product makes the key, or with an owner, puts the scopes into a key of somebody else. */
async function isGranted(wanted: Request): Promise<boolean> {
  const { isMultiTenant, owner, maxHours } = wanted;
  const maker = makerOf(principalWith(wanted.caller, isMultiTenant));
  const end = wanted.endsInHours === never ? null : new Date(NOW.getTime() + wanted.endsInHours * HOUR_MS);
  const limits = { maxLifetimeMs: maxHours * HOUR_MS, since: NOW, makerEndsAt: maker.endsAt };
  try {
    await grants.checkScopes(maker, wanted.organization, wanted.scopes);
    if (owner !== null)
      await grants.checkOwner(userOf(owner, isMultiTenant), wanted.organization, wanted.scopes);
    checkEnd(end, limits, NOW);
    return true;
  } catch (error) {
    const { kind } = error as { kind?: string };
    if (kind !== 'forbidden' && kind !== 'invalid') throw error;
    return false;
  }
}

describe('what may be put into a key (C3)', () => {
  it('is never more than the caller and the owner hold, over 5,000 random requests', async () => {
    const seen = { granted: 0, refused: 0, escalations: 0 };
    await fc.assert(
      fc.asyncProperty(request, async (wanted) => {
        const isGrantedNow = await isGranted(wanted);
        seen[isGrantedNow ? 'granted' : 'refused'] += 1;
        if (isGrantedNow && escalates(wanted)) seen.escalations += 1;
        expect(isGrantedNow && escalates(wanted)).toBe(false);
      }),
      { numRuns: 5_000 },
    );
    console.log(`keys: ${JSON.stringify(seen)}`);
    expect(seen.granted).toBeGreaterThan(250);
    expect(seen.refused).toBeGreaterThan(250);
  });

  it('is all that the caller holds in the organization, in multi-tenant mode', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (wanted) => {
        const own = { ...wanted, isMultiTenant: true, owner: null };
        expect(await isGranted(own)).toBe(isWithin(own));
      }),
      { numRuns: 2_000 },
    );
  });
});

/** Whether the key that would come out could do, or give, anything that the caller or the owner cannot. */
function escalates(wanted: Request): boolean {
  const { isMultiTenant, caller, owner, organization: where } = wanted;
  const held = powersOf(caller, isMultiTenant);
  const key = { organization: where, scopes: wanted.scopes, endsInHours: wanted.endsInHours };
  const made = powersOf({ roles: owner ?? caller.roles, key }, isMultiTenant);
  const gives = wanted.scopes.some((scope) => !held.has(`${where} ${scope}`));
  const own = owner === null ? held : powersOfRoles(owner, isMultiTenant);
  const exceeds = [...made].some((power) => !own.has(power));
  const outlives = wanted.endsInHours > (caller.key?.endsInHours ?? never);
  const isTooLong = wanted.maxHours > 0 && wanted.endsInHours > wanted.maxHours;
  return gives || exceeds || outlives || isTooLong;
}

function isWithin(wanted: Request): boolean {
  const held = powersOf(wanted.caller, true);
  const isHeld = wanted.scopes.every((scope) => held.has(`${wanted.organization} ${scope}`));
  const latest = Math.min(wanted.maxHours || never, wanted.caller.key?.endsInHours ?? never);
  return isHeld && wanted.endsInHours > 0 && wanted.endsInHours <= latest;
}
