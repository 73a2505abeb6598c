import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiKeyPrincipal } from '../../../../../../src/access/principal.js';
import { SCOPES, type Scope } from '../../../../../../src/access/scope.js';
import { ApiKeys } from '../../../../../../src/auth/api-keys.service.js';
import { TestApp } from '../../../../../support/test-app.js';
import { addPerson, createKey, defaultOrganization, inHours, type Person } from './support/key-owners.js';

const ROLES = ['viewer', 'publisher', 'devops', 'user_manager', 'auditor', 'member', 'admin'];
const REQUESTS = 150;

describe.each(['true', 'false'])('random requests for keys, multi-tenant %s (C3)', (isMultiTenant) => {
  let app: TestApp;
  let organizations: string[];
  const people: Person[] = [];

  beforeAll(async () => {
    app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: isMultiTenant });
    organizations = [await defaultOrganization(app), await app.addOrganization('team')];
    for (const [index, role] of ROLES.entries()) {
      const other = ROLES[(index * 3 + 1) % ROLES.length]!;
      const [here, there] = index % 2 === 0 ? organizations : organizations.toReversed();
      people.push(await addPerson(app, { [here!]: role, [there!]: other }));
    }
  });
  afterAll(() => app.stop());

  const wantedScopes = fc.uniqueArray(fc.constantFrom(...SCOPES), { minLength: 1, maxLength: 2 });
  const heldScopes = fc.oneof(fc.constant<Scope[]>(['admin']), fc.subarray([...SCOPES], { minLength: 6 }));
  const request = fc.record({
    who: fc.nat(ROLES.length - 1),
    isOrganizationKey: fc.boolean(),
    place: fc.nat(1),
    isElsewhere: fc.oneof({ arbitrary: fc.constant(false), weight: 3 }, fc.constant(true)),
    held: heldScopes,
    wanted: wantedScopes,
    heldEnd: fc.option(fc.integer({ min: 5, max: 9 })),
    wantedEnd: fc.option(fc.integer({ min: 1, max: 10 }), { freq: 3 }),
    way: fc.constantFrom('create', 'change', 'rotate'),
  });
  type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

  async function principalOf(key: string): Promise<ApiKeyPrincipal> {
    const check = await app.get(ApiKeys).check(key);
    expect(check.outcome).toBe('valid');
    return (check as { principal: ApiKeyPrincipal }).principal;
  }

  /** What a key may do, organization by organization, as the server sees it. */
  function powersOf({ authority }: ApiKeyPrincipal): Set<string> {
    const all = authority.isPlatformAdmin
      ? organizations.flatMap((one) => SCOPES.map((scope) => `${one} ${scope}`))
      : [...authority.organizations].flatMap(([one, list]) =>
          implied(list).map((scope) => `${one} ${scope}`),
        );
    const shared = authority.isPlatformAdmin ? SCOPES : (authority.shared ?? []);
    return new Set([
      ...all,
      ...implied(shared)
        .filter((scope) => /^(modules|providers|mirrors|scm):/.test(scope))
        .map((scope) => `shared ${scope}`),
    ]);
  }

  function implied(list: readonly Scope[]): string[] {
    if (list.includes('admin')) return [...SCOPES];
    const named = list.flatMap((scope) => [scope, scope.replace(/:(write|manage)$/, ':read')]);
    return named.filter((scope) => (SCOPES as readonly string[]).includes(scope));
  }

  /** The key that came out, if any, and the key that asked for it. */
  async function outcomeOf({ who, isOrganizationKey, place, held, wanted, ...rest }: Request) {
    const target = rest.isElsewhere ? 1 - place : place;
    const person = people[who]!;
    const asking = await app.get(ApiKeys).issue({
      name: 'asks',
      scopes: held,
      organizationId: organizations[place],
      userId: isOrganizationKey ? undefined : person.id,
      expiresAt: rest.heldEnd === null ? undefined : new Date(inHours(rest.heldEnd)),
    });
    const expires_at = rest.wantedEnd === null ? null : inHours(rest.wantedEnd);
    if (rest.way === 'create') {
      const answer = await createKey(app, asking.key, {
        organization_id: organizations[target],
        scopes: wanted,
        expires_at,
      });
      return {
        asking,
        status: answer.status,
        key: answer.status === 201 ? answer.json<{ key: string }>().key : undefined,
      };
    }
    const other = await app.get(ApiKeys).issue({
      name: 'other',
      scopes: rest.way === 'change' ? ['modules:read'] : wanted,
      organizationId: organizations[target],
      userId: isOrganizationKey ? undefined : person.id,
      expiresAt: new Date(inHours(1)),
    });
    const path = `/api/v1/apikeys/${other.id}`;
    const call = { key: asking.key, method: rest.way === 'change' ? 'PUT' : 'POST' };
    if (rest.way === 'change') {
      const answer = await app.request(path, { ...call, json: { scopes: wanted, expires_at } });
      return { asking, status: answer.status, key: answer.status === 200 ? other.key : undefined };
    }
    const answer = await app.request(`${path}/rotate`, { ...call, json: {} });
    const rotated =
      answer.status === 200 ? answer.json<{ new_key: { key: string } }>().new_key.key : undefined;
    return { asking, status: answer.status, key: rotated };
  }

  it('never give more than the key that asks can do', { timeout: 120_000 }, async () => {
    const seen = { granted: 0, refused: 0 };
    const property = fc.asyncProperty(request, async (wanted) => {
      const { asking, status, key } = await outcomeOf(wanted);
      expect([200, 201, 403, 404]).toContain(status);
      seen[key === undefined ? 'refused' : 'granted'] += 1;
      if (key === undefined) return;
      const [maker, made] = [await principalOf(asking.key), await principalOf(key)];
      const held = powersOf(maker);
      expect([...powersOf(made)].filter((power) => !held.has(power))).toEqual([]);
      const endOf = ({ expiresAt }: ApiKeyPrincipal) => expiresAt?.getTime() ?? Infinity;
      expect(endOf(made)).toBeLessThanOrEqual(endOf(maker));
    });
    await fc.assert(property, { numRuns: REQUESTS, endOnFailure: true });
    console.log(`keys over HTTP: ${JSON.stringify(seen)}`);
    expect(Math.min(seen.granted, seen.refused)).toBeGreaterThan(0);
  });
});
