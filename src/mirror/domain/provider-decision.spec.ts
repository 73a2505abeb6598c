import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { approvalStateOf, type ApprovalFacts } from './mirror-approval.js';
import { autoApprovalOf } from './auto-approval.js';
import type { VersionFacts } from './mirror-gate.js';
import type { PolicyVerdict } from './mirror-policy.js';
import type { AutoApprovalRules } from './mirror.js';
import { heldBackOf, ProviderDecision } from './provider-decision.js';

const NOW = new Date('2026-06-10T00:00:00Z');
const daysAgo = (days: number): Date => new Date(NOW.getTime() - days * 86_400_000);

const FREE: PolicyVerdict = { isAllowed: true, requiresApproval: false, reason: 'Allowed by policy: free' };
const ASK: PolicyVerdict = {
  isAllowed: true,
  requiresApproval: true,
  matched: { name: 'ask', type: 'allow', priority: 0, isActive: true, requiresApproval: true },
  reason: 'Allowed by policy: ask',
};
const NO: PolicyVerdict = { isAllowed: false, requiresApproval: false, reason: 'Denied by policy: no' };

const approval = (more: Partial<ApprovalFacts> = {}): ApprovalFacts => ({
  status: 'approved',
  upstreamVersion: null,
  reviewedAt: daysAgo(1),
  isAutoApproved: false,
  isExpired: false,
  ...more,
});
const decision = (
  verdict: PolicyVerdict,
  approvals: readonly ApprovalFacts[] = [],
  mirror: { coolDownDays?: number; autoApproval?: AutoApprovalRules | null } = {},
): ProviderDecision =>
  new ProviderDecision({
    verdict,
    approvals,
    mirror: { coolDownDays: 0, autoApproval: null, ...mirror },
    now: NOW,
  });
const version = (more: Partial<VersionFacts> = {}): VersionFacts => ({
  version: '1.2.4',
  firstSeenAt: daysAgo(100),
  isReleased: false,
  heldVersions: [],
  ...more,
});

describe('the state of an approval', () => {
  it.each<[string, ApprovalFacts[], string]>([
    ['nobody asked', [], 'none'],
    ['a request waits', [approval({ status: 'pending', reviewedAt: null })], 'pending'],
    ['it was approved', [approval()], 'approved'],
    ['it was rejected', [approval({ status: 'rejected' })], 'rejected'],
    ['the approval is over', [approval({ isExpired: true })], 'expired'],
    [
      'the approval is over and somebody asks again',
      [approval({ isExpired: true }), approval({ status: 'pending', reviewedAt: null })],
      'pending',
    ],
    [
      'a newer rejection follows an approval',
      [approval({ reviewedAt: daysAgo(2) }), approval({ status: 'rejected' })],
      'rejected',
    ],
    [
      'a newer approval follows a rejection',
      [approval(), approval({ status: 'rejected', reviewedAt: daysAgo(2) })],
      'approved',
    ],
    [
      'a newer approval for some days, which are over, follows one without end',
      [approval({ reviewedAt: daysAgo(9) }), approval({ isExpired: true })],
      'expired',
    ],
    ['both came at one instant', [approval(), approval({ status: 'rejected' })], 'rejected'],
    ['only another version was approved', [approval({ upstreamVersion: '9.0.0' })], 'none'],
  ])('when %s', (_title, approvals, expected) => {
    expect(approvalStateOf(approvals)).toBe(expected);
    expect(approvalStateOf([...approvals].reverse(), '1.0.0')).toBe(expected);
  });

  it('is that of the newest review, in whatever order they are read', () => {
    const review = fc.record({
      status: fc.constantFrom('approved' as const, 'rejected' as const, 'pending' as const),
      upstreamVersion: fc.constantFrom(null, '1.0.0', '2.0.0'),
      reviewedAt: fc.integer({ min: 0, max: 30 }).map(daysAgo),
      isAutoApproved: fc.boolean(),
      isExpired: fc.boolean(),
    });
    const distinct = fc.uniqueArray(review, { selector: (one) => one.reviewedAt.getTime(), maxLength: 8 });
    fc.assert(
      fc.property(distinct, fc.constantFrom(undefined, '1.0.0', '3.0.0'), (reviews, asked) => {
        const covering = reviews.filter(
          (one) => one.upstreamVersion === null || one.upstreamVersion === asked,
        );
        const [newest] = covering
          .filter(({ status }) => status !== 'pending')
          .sort((left, right) => right.reviewedAt.getTime() - left.reviewedAt.getTime());
        const state = approvalStateOf(reviews, asked);
        expect(state === 'rejected').toBe(newest?.status === 'rejected');
        expect(state === 'approved').toBe(newest?.status === 'approved' && !newest.isExpired);
        expect(approvalStateOf([...reviews].reverse(), asked)).toBe(state);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('rules that approve', () => {
  it.each<[AutoApprovalRules | null, boolean]>([
    [null, false],
    [{}, false],
    [{ signedByTrustedKey: false, patchOnly: false, versionConstraint: '', minAgeDays: 0 }, false],
    [{ signedByTrustedKey: true }, true],
    [{ patchOnly: true }, true],
    [{ versionConstraint: '~> 1.2.0' }, true],
    [{ versionConstraint: '>= 2.0' }, false],
    [{ versionConstraint: 'nonsense!' }, false],
    [{ versionConstraint: 'latest:1' }, true],
    [{ minAgeDays: 10 }, true],
    [{ minAgeDays: 11 }, false],
    [{ patchOnly: true, minAgeDays: 10, versionConstraint: '1.x', signedByTrustedKey: true }, true],
    [{ patchOnly: true, minAgeDays: 11, versionConstraint: '1.x', signedByTrustedKey: true }, false],
    [{ patchOnly: true, minAgeDays: 10, versionConstraint: '2.x' }, false],
  ])('%j approve: %s', (rules, isApproved) => {
    const subject = { version: '1.2.4', ageMs: 10 * 86_400_000, heldVersions: ['1.2.3', '0.9.0'] };
    const result = autoApprovalOf(rules, subject);
    expect(result.isApproved).toBe(isApproved);
    if (result.isApproved) expect(result.needsKnownKey).toBe(rules?.signedByTrustedKey === true);
  });

  it.each([
    ['1.2.4', ['1.2.3'], true],
    ['1.2.4', ['1.2.9'], true],
    ['1.3.0', ['1.2.3'], false],
    ['2.2.4', ['1.2.3'], false],
    ['1.2.4', [], false],
    ['not a version', ['1.2.3'], false],
  ])('%s beside %j is a patch: %s', (text, heldVersions, isApproved) => {
    const result = autoApprovalOf({ patchOnly: true }, { version: text, ageMs: 0, heldVersions });
    expect(result.isApproved).toBe(isApproved);
  });

  it('approve nothing more when one more is set', () => {
    const rules = fc.record(
      {
        signedByTrustedKey: fc.boolean(),
        patchOnly: fc.boolean(),
        versionConstraint: fc.constantFrom('', '1.x', '>= 1.2, < 2.0', 'latest:2'),
        minAgeDays: fc.nat({ max: 5 }),
      },
      { requiredKeys: [] },
    );
    const text = fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 })).map(([a, b]) => `1.${a}.${b}`);
    const subject = fc.record({
      version: text,
      ageMs: fc.nat({ max: 5 * 86_400_000 }),
      heldVersions: fc.array(text, { maxLength: 4 }),
    });
    fc.assert(
      fc.property(rules, subject, (all, one) => {
        if (!autoApprovalOf(all, one).isApproved) return;
        for (const [name, value] of Object.entries(all)) {
          const alone = autoApprovalOf({ [name]: value }, one);
          const isSet = value !== false && value !== '' && value !== 0;
          expect(alone.isApproved, name).toBe(isSet);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what is decided about a version', () => {
  it('is what policy and approvals say of the provider', () => {
    expect(decision(FREE).admits(version())).toEqual({
      kind: 'admitted',
      needsKnownKey: false,
      isAutoApproved: false,
    });
    expect(decision(NO, [approval()]).admits(version())).toEqual({
      kind: 'needs-approval',
      reason: 'Denied by policy: no',
    });
    expect(decision(ASK).admits(version()).kind).toBe('needs-approval');
    expect(decision(ASK, [approval()]).admits(version()).kind).toBe('admitted');
    expect(decision(FREE, [approval({ status: 'rejected' })]).admits(version()).kind).toBe('needs-approval');
  });

  it('may be decided for the version alone', () => {
    const only = decision(ASK, [approval({ upstreamVersion: '1.2.4' })]);
    expect(only.permission.kind).toBe('needs-approval');
    expect(only.mayAdmitVersions).toBe(true);
    expect(only.admits(version()).kind).toBe('admitted');
    expect(only.admits(version({ version: '1.2.5' })).kind).toBe('needs-approval');
    const not = decision(FREE, [approval({ status: 'rejected', upstreamVersion: '1.2.4' })]);
    expect(not.permission.kind).toBe('allowed');
    expect(not.admits(version())).toMatchObject({
      reason: 'The request to mirror this version was rejected',
    });
    expect(not.admits(version({ version: '1.2.5' })).kind).toBe('admitted');
  });

  it('is left to the rules of the mirror only where an approval is missing', () => {
    const rules = { autoApproval: { signedByTrustedKey: true } };
    const admitted = { kind: 'admitted', needsKnownKey: true, isAutoApproved: true };
    expect(decision(ASK, [], rules)).toMatchObject({ mayAdmitVersions: true });
    expect(decision(ASK, [], rules).admits(version())).toEqual(admitted);
    expect(decision(ASK, [approval({ isExpired: true })], rules).admits(version())).toEqual(admitted);
    expect(decision(ASK, [approval()], rules).admits(version())).toMatchObject({ isAutoApproved: false });
    expect(decision(FREE, [], rules).admits(version())).toMatchObject({ needsKnownKey: false });
    expect(decision(ASK, [approval({ status: 'rejected' })], rules).admits(version()).kind).toBe(
      'needs-approval',
    );
    expect(decision(NO, [], rules).admits(version()).kind).toBe('needs-approval');
    expect(decision(ASK, [], { autoApproval: { minAgeDays: 101 } }).admits(version())).toMatchObject({
      reason:
        'Waiting for an approval, demanded by policy: ask; not approved by the rules of the mirror: it was first seen less than 101 days ago',
    });
  });

  it('waits for the cool-down, to the second, unless it is released', () => {
    const waiting = decision(FREE, [approval()], { coolDownDays: 7 });
    const at = (firstSeenAt: Date, isReleased = false) =>
      waiting.admits(version({ firstSeenAt, isReleased }));
    expect(at(daysAgo(7)).kind).toBe('admitted');
    const seen = new Date(daysAgo(7).getTime() + 1000);
    expect(at(seen)).toMatchObject({ kind: 'cooling-down', until: new Date(NOW.getTime() + 1000) });
    expect(at(seen, true).kind).toBe('admitted');
    const asked = decision(ASK, [], { coolDownDays: 7 });
    expect(asked.admits(version({ isReleased: true })).kind).toBe('needs-approval');
  });
});

describe('what is here already', () => {
  const approved = decision(ASK, [approval()]);
  const waiting = decision(ASK);
  const denied = decision(NO);

  it('is offered when one of its mirrors may', () => {
    const none = { versions: new Map() };
    expect(heldBackOf([denied, approved], ['1.0.0'])).toEqual(none);
    expect(heldBackOf([denied, waiting], ['1.0.0'])).toEqual({ provider: 'Denied by policy: no', ...none });
    const provider = 'Waiting for an approval, demanded by policy: ask';
    expect(heldBackOf([waiting], [])).toEqual({ provider, ...none });
    expect(heldBackOf([approved], [])).toEqual(none);
  });

  it('is offered as far as versions are approved by themselves, by whichever mirror', () => {
    const first = decision(ASK, [approval({ upstreamVersion: '1.0.0' })]);
    const second = decision(ASK, [approval({ upstreamVersion: '2.0.0', isAutoApproved: true })]);
    expect(heldBackOf([first], ['1.0.0'])).toEqual({ versions: new Map() });
    expect(heldBackOf([first], ['1.0.0', '2.0.0'])).toEqual({
      versions: new Map([['2.0.0', expect.stringMatching(/^Waiting for an approval/)]]),
    });
    expect(heldBackOf([first], ['2.0.0']).provider).toMatch(/^Waiting for an approval/);
    expect(heldBackOf([first, second], ['1.0.0', '2.0.0'])).toEqual({ versions: new Map() });
    const rejected = decision(FREE, [approval({ status: 'rejected', upstreamVersion: '2.0.0' })]);
    const reason = 'The request to mirror this version was rejected';
    expect(heldBackOf([rejected], ['1.0.0', '2.0.0'])).toEqual({ versions: new Map([['2.0.0', reason]]) });
    expect(heldBackOf([rejected], ['2.0.0'])).toEqual({
      provider: `Version 2.0.0: ${reason}`,
      versions: new Map(),
    });
  });
});
