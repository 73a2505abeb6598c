import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRetention, type RetainedVersion, type RetentionRules, worthFetching } from './retention.js';
import { compareUpstreamVersions, parseUpstreamVersion } from './upstream-version.js';

const TODAY = '2026-03-10';
const none: RetentionRules = { keepVersions: null, keepUsedDays: null };
const version = (text: string, lastUsedOn = '2020-01-01', isPinned = false): RetainedVersion => ({
  version: text,
  lastUsedOn,
  isPinned,
});
const removed = (versions: readonly RetainedVersion[], ...rules: RetentionRules[]): string[] =>
  planRetention(versions, rules, TODAY).removed.map((one) => one.version);
const parsed = (text: string) => parseUpstreamVersion(text)!;

describe('what retention removes', () => {
  const old = ['1.0.0', '1.10.0', '1.9.0', '2.0.0-rc.1', '2.0.0'].map((text) => version(text));

  it('is nothing without a rule', () => {
    expect(removed(old, none)).toEqual([]);
    expect(removed(old)).toEqual([]);
  });

  it('is all but the newest by precedence', () => {
    expect(removed(old, { ...none, keepVersions: 2 })).toEqual(['1.10.0', '1.9.0', '1.0.0']);
    expect(removed(old, { ...none, keepVersions: 5 })).toEqual([]);
  });

  it('is what was not used for so many days, today included', () => {
    const rules = { ...none, keepUsedDays: 3 };
    const used = [
      version('1.0.0', '2026-03-10'),
      version('1.1.0', '2026-03-08'),
      version('1.2.0', '2026-03-07'),
    ];
    expect(removed(used, rules)).toEqual(['1.2.0']);
  });

  it('is only what both rules let go', () => {
    const rules = { keepVersions: 1, keepUsedDays: 30 };
    expect(removed([version('1.0.0'), version('1.1.0', TODAY), version('1.2.0')], rules)).toEqual(['1.0.0']);
  });

  it('is only what each mirror of the provider lets go', () => {
    const five = { ...none, keepVersions: 5 };
    expect(removed(old, { ...none, keepVersions: 1 }, five)).toEqual([]);
    expect(removed(old, { ...none, keepVersions: 1 }, none)).toEqual([]);
    expect(removed(old, { ...none, keepVersions: 1 }, { ...none, keepVersions: 4 })).toEqual(['1.0.0']);
  });

  it('is never what is pinned, nor the only version', () => {
    const rules = { ...none, keepUsedDays: 1 };
    expect(removed([version('1.0.0')], rules)).toEqual([]);
    expect(removed([version('1.0.0'), version('1.1.0')], rules)).toEqual(['1.0.0']);
    expect(removed([version('1.0.0', '2020-01-01', true), version('1.1.0')], rules)).toEqual(['1.1.0']);
  });

  it('is never what cannot be read', () => {
    expect(removed([version('nonsense'), version('1.0.0')], { ...none, keepVersions: 1 })).toEqual([]);
  });
});

describe('what a run fetches beside retention', () => {
  const wanted = ['1.0.0', '1.1.0', '1.2.0'].map(parsed);
  const fetched = (
    rules: RetentionRules,
    held: string[] = [],
    known: Parameters<typeof worthFetching>[2] = new Map(),
  ) => worthFetching(wanted, held, known, rules).map(({ text }) => text);

  it('is all without a rule, also what was removed before', () => {
    const known = new Map([['1.0.0', { isPinned: false, isRetired: true }]]);
    expect(fetched(none, [], known)).toEqual(['1.0.0', '1.1.0', '1.2.0']);
  });

  it('is nothing that is not among the newest, counting what is here', () => {
    expect(fetched({ ...none, keepVersions: 2 })).toEqual(['1.1.0', '1.2.0']);
    expect(fetched({ ...none, keepVersions: 2 }, ['1.3.0'])).toEqual(['1.2.0']);
  });

  it('is nothing that was removed because nobody used it', () => {
    const known = new Map([['1.1.0', { isPinned: false, isRetired: true }]]);
    expect(fetched({ ...none, keepUsedDays: 30 }, [], known)).toEqual(['1.0.0', '1.2.0']);
  });

  it('is what is pinned, and further platforms of what is here', () => {
    const known = new Map([['1.0.0', { isPinned: true, isRetired: true }]]);
    expect(fetched({ ...none, keepVersions: 1 }, ['1.1.0'], known)).toEqual(['1.0.0', '1.1.0', '1.2.0']);
  });
});

describe('whatever versions and rules there are', () => {
  const text = fc
    .tuple(fc.nat(3), fc.nat(3), fc.nat(12), fc.constantFrom('', '-rc.1', '-rc.2', '+b1'))
    .map(([major, minor, patch, end]) => `${major}.${minor}.${patch}${end}`);
  const day = fc
    .integer({ min: 0, max: 60 })
    .map((ago) => new Date(Date.parse(TODAY) - ago * 86_400_000).toISOString().slice(0, 10));
  const held = fc.uniqueArray(fc.record({ version: text, isPinned: fc.boolean(), lastUsedOn: day }), {
    selector: (one) => one.version,
    maxLength: 20,
  });
  const rules = fc.record({
    keepVersions: fc.option(fc.integer({ min: 1, max: 6 })),
    keepUsedDays: fc.option(fc.integer({ min: 1, max: 50 })),
  });

  it('each is kept or removed once, and what is removed has no reason to stay', () => {
    fc.assert(
      fc.property(held, fc.array(rules, { minLength: 1, maxLength: 3 }), (versions, mirrors) => {
        const plan = planRetention(versions, mirrors, TODAY);
        const all = [...plan.kept, ...plan.removed].map((one) => one.version).sort();
        expect(all).toEqual(versions.map((one) => one.version).sort());
        if (versions.length > 0) expect(plan.kept).not.toEqual([]);
        for (const one of plan.removed) {
          expect(one.isPinned).toBe(false);
          const newer = versions.filter(
            (other) => compareUpstreamVersions(parsed(other.version), parsed(one.version)) > 0,
          ).length;
          const age = (Date.parse(TODAY) - Date.parse(one.lastUsedOn)) / 86_400_000;
          for (const { keepVersions, keepUsedDays } of mirrors) {
            expect(keepVersions !== null || keepUsedDays !== null).toBe(true);
            expect(newer).toBeGreaterThanOrEqual(keepVersions ?? 0);
            expect(age).toBeGreaterThanOrEqual(keepUsedDays ?? 0);
          }
        }
      }),
    );
  });

  it('a second time nothing more goes, and what went is not fetched again', () => {
    fc.assert(
      fc.property(held, rules, (versions, rule) => {
        const plan = planRetention(versions, [rule], TODAY);
        expect(planRetention(plan.kept, [rule], TODAY).removed).toEqual([]);
        const gone = new Set(plan.removed.map((one) => one.version));
        const remembered = new Map(
          versions.map((one) => [one.version, { isPinned: one.isPinned, isRetired: gone.has(one.version) }]),
        );
        const stays = plan.kept.map((one) => one.version);
        const again = worthFetching(
          versions.map((one) => parsed(one.version)),
          stays,
          remembered,
          rule,
        );
        expect(again.filter((one) => gone.has(one.text))).toEqual([]);
      }),
    );
  });
});
