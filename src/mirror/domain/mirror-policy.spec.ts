import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BUILT_IN_POLICIES,
  checkPolicyPatterns,
  evaluatePolicies,
  inEvaluationOrder,
  permissionOf,
  registryHost,
  type MirrorPolicy,
} from './mirror-policy.js';
import { InvalidPolicyPattern } from './mirror-settings.errors.js';

const ORG = 'org-1';
const policy = (more: Partial<MirrorPolicy> = {}): MirrorPolicy => ({
  name: 'p',
  type: 'allow',
  priority: 0,
  isActive: true,
  requiresApproval: false,
  ...more,
});
const asked = { registry: 'registry.terraform.io', namespace: 'hashicorp', type: 'aws' };

describe('the built-in policies', () => {
  it.each([
    ['registry.terraform.io', 'hashicorp', true, false, 'Allowed by policy: default-allow-hashicorp'],
    ['registry.terraform.io', 'acme', true, true, 'Allowed by policy: default-require-approval-other'],
    ['registry.opentofu.org', 'hashicorp', true, true, 'Allowed by policy: default-require-approval-any'],
  ])('%s %s', (registry, namespace, isAllowed, requiresApproval, reason) => {
    const verdict = evaluatePolicies(BUILT_IN_POLICIES, ORG, { registry, namespace, type: 'aws' });
    expect(verdict).toMatchObject({ isAllowed, requiresApproval, reason });
  });
});

describe('evaluating policies (REST contract, section 22)', () => {
  it('denies without a match, word for word', () => {
    expect(evaluatePolicies([], ORG, asked)).toEqual({
      isAllowed: false,
      requiresApproval: false,
      reason: 'No matching policy found',
    });
    expect(evaluatePolicies([policy({ isActive: false })], ORG, asked).isAllowed).toBe(false);
  });

  it('denies by a policy that denies, and needs no approval for it', () => {
    const denial = policy({ name: 'no', type: 'deny', requiresApproval: true });
    expect(evaluatePolicies([denial], ORG, asked)).toEqual({
      isAllowed: false,
      requiresApproval: false,
      matched: denial,
      reason: 'Denied by policy: no',
    });
  });

  it('asks by priority, then the organization first, then denials', () => {
    const order = [
      policy({ name: 'high', priority: 5 }),
      policy({ name: 'own-deny', type: 'deny', organizationId: ORG }),
      policy({ name: 'own-allow', organizationId: ORG }),
      policy({ name: 'global-deny', type: 'deny' }),
      policy({ name: 'global-allow' }),
      policy({ name: 'low', type: 'deny', priority: -5, organizationId: ORG }),
    ];
    const foreign = policy({ name: 'foreign', priority: 99, organizationId: 'org-2' });
    fc.assert(
      fc.property(fc.shuffledSubarray([...order, foreign], { minLength: 7 }), (shuffled) => {
        expect(inEvaluationOrder(shuffled, ORG)).toEqual(order);
      }),
    );
    expect(inEvaluationOrder(order, undefined).map(({ name }) => name)).toEqual([
      'high',
      'global-deny',
      'global-allow',
    ]);
  });

  it.each([
    ['registry.terraform.io', true],
    ['REGISTRY.terraform.io', true],
    ['https://registry.terraform.io', true],
    ['https://registry.terraform.io/v1/providers', true],
    ['registry.terraform.io:443', true],
    ['', true],
    [undefined, true],
    ['terraform.io', false],
    ['registry.terraform.io.evil.test', false],
    ['https://registry.terraform.io.evil.test', false],
    ['*', false],
  ])('compares the registry %j as a host name: %s', (upstreamRegistry, isAllowed) => {
    expect(evaluatePolicies([policy({ upstreamRegistry })], ORG, asked).isAllowed).toBe(isAllowed);
    const byAddress = { ...asked, registry: 'https://registry.terraform.io/' };
    expect(evaluatePolicies([policy({ upstreamRegistry })], ORG, byAddress).isAllowed).toBe(isAllowed);
  });

  it('decides as the first match of the sorted list does', () => {
    const pattern = fc.constantFrom(undefined, '', '*', 'a*', 'ab', 'b?');
    const rule = fc.record({
      name: fc.uuid(),
      type: fc.constantFrom('allow' as const, 'deny' as const),
      organizationId: fc.constantFrom(undefined, ORG, 'org-2'),
      namespacePattern: pattern,
      providerPattern: pattern,
      priority: fc.integer({ min: -1, max: 1 }),
      isActive: fc.boolean(),
      requiresApproval: fc.boolean(),
    });
    const fits = (text: string | undefined, name: string): boolean =>
      text === undefined ||
      text === '' ||
      new RegExp(`^${text.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name);
    const names = fc.constantFrom('a', 'ab', 'b', 'ba', 'c');
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 6 }), names, names, (rules, namespace, type) => {
        const candidates = rules.filter(
          (one) =>
            one.isActive &&
            one.organizationId !== 'org-2' &&
            fits(one.namespacePattern, namespace) &&
            fits(one.providerPattern, type),
        );
        const rank = (one: MirrorPolicy): number =>
          one.priority * 4 + (one.organizationId === ORG ? 2 : 0) + (one.type === 'deny' ? 1 : 0);
        const best = Math.max(...candidates.map(rank));
        const [first] = candidates
          .filter((one) => rank(one) === best)
          .sort((a, b) => (a.name < b.name ? -1 : 1));
        const verdict = evaluatePolicies(rules, ORG, { registry: 'r.test', namespace, type });
        expect(verdict.matched).toBe(first);
        expect(verdict.isAllowed).toBe(first?.type === 'allow');
      }),
      { numRuns: 1000 },
    );
  });
});

describe('patterns of a policy', () => {
  it.each([
    { upstreamRegistry: 'no host' },
    { upstreamRegistry: 'ftp://registry.terraform.io' },
    { upstreamRegistry: 'https://' },
    { namespacePattern: 'a.b' },
    { providerPattern: '(a+)+$' },
    { providerPattern: 'x'.repeat(65) },
  ])('%j is refused', (patterns) => {
    expect(() => checkPolicyPatterns(patterns)).toThrow(InvalidPolicyPattern);
  });

  it('may be left out or empty', () => {
    expect(() => checkPolicyPatterns({ upstreamRegistry: '', namespacePattern: '*' })).not.toThrow();
    expect(registryHost('https://Registry.Example.com:8443/x')).toBe('registry.example.com:8443');
  });
});

describe('the permission of a provider', () => {
  const needs = evaluatePolicies([policy({ name: 'ask', requiresApproval: true })], ORG, asked);
  const free = evaluatePolicies([policy()], ORG, asked);
  const no = evaluatePolicies([], ORG, asked);

  it.each([
    ['none', 'needs-approval', 'allowed', 'denied'],
    ['pending', 'needs-approval', 'allowed', 'denied'],
    ['approved', 'allowed', 'allowed', 'denied'],
    ['expired', 'needs-approval', 'allowed', 'denied'],
    ['rejected', 'denied', 'denied', 'denied'],
  ] as const)('with an approval that is %s', (approval, ifNeeded, ifFree, ifNot) => {
    expect([needs, free, no].map((verdict) => permissionOf(verdict, approval).kind)).toEqual([
      ifNeeded,
      ifFree,
      ifNot,
    ]);
  });
});
