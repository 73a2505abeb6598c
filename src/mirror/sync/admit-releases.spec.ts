import { describe, expect, it } from 'vitest';
import { Platform } from '../../kernel/terraform/platform.js';
import type { VersionAdmission, VersionFacts } from '../domain/mirror-gate.js';
import type { HeldPackage, PlannedRelease } from '../domain/mirror-plan.js';
import { parseUpstreamVersion } from '../domain/upstream-version.js';
import type { SeenVersion } from '../persistence/mirrored-listings.repository.js';
import { admitReleases, type AdmissionFacts } from './admit-releases.js';

const NOW = new Date('2026-11-24T00:00:00Z');
const BEFORE = new Date('2026-01-01T00:00:00Z');
const LINUX = Platform.parse({ os: 'linux', arch: 'amd64' });
const ADMITTED = { kind: 'admitted', needsKnownKey: false, isAutoApproved: false } as const;

const release = (version: string, held: readonly HeldPackage[] = []): PlannedRelease => ({
  ...{ version: parseUpstreamVersion(version)!, platforms: [LINUX], held },
});
const heldOf = (version: string): HeldPackage => ({
  ...{ version, platform: 'darwin_arm64', filename: `${version}.zip`, digest: 'a'.repeat(64) },
});
const seenOf = (version: string, changes: Partial<SeenVersion> = {}): [string, SeenVersion] => [
  version,
  { version, firstSeenAt: BEFORE, isReleased: false, isPinned: false, wasSynced: false, ...changes },
];

function admit(releases: readonly PlannedRelease[], changes: Partial<AdmissionFacts> = {}) {
  const asked: VersionFacts[] = [];
  const gate = {
    admits: (facts: VersionFacts): VersionAdmission => {
      asked.push(facts);
      return ADMITTED;
    },
  };
  const plan = { name: { namespace: 'acme', type: 'widget' }, releases, leftOut: [], vanished: [] };
  const facts = {
    mirror: { keepVersions: null, keepUsedDays: null },
    ...{ gate, held: [], seen: new Map<string, SeenVersion>(), now: NOW },
    ...changes,
  };
  const admitted = admitReleases(plan, facts);
  return {
    versions: admitted.releases.map(({ version }) => version.text),
    leftOut: admitted.leftOut,
    asked,
  };
}

describe('the releases that a gate lets through', () => {
  it('are asked for with what is known of them', () => {
    const seen = new Map([seenOf('1.0.0', { isReleased: true })]);
    const { asked, versions } = admit([release('1.1.0'), release('1.0.0')], {
      seen,
      held: [heldOf('0.9.0')],
    });
    expect(versions).toEqual(['1.1.0', '1.0.0']);
    expect(asked).toEqual([
      { version: '1.1.0', firstSeenAt: NOW, isReleased: false, heldVersions: ['0.9.0'] },
      { version: '1.0.0', firstSeenAt: BEFORE, isReleased: true, heldVersions: ['0.9.0'] },
    ]);
  });

  it.each([
    { kind: 'cooling-down', until: NOW, reason: 'too new' },
    { kind: 'needs-approval', reason: 'nobody approved it' },
  ] as const)('are left out with the reason when the gate says $kind', (admission) => {
    const { versions, leftOut } = admit([release('1.0.0')], { gate: { admits: () => admission } });
    expect(versions).toEqual([]);
    expect(leftOut).toEqual([{ what: '1.0.0', reason: admission.kind, detail: admission.reason }]);
  });

  it('are the newest ones when a number of versions is kept', () => {
    const mirror = { keepVersions: 2, keepUsedDays: null };
    const { versions, leftOut } = admit([release('1.2.0'), release('1.1.0'), release('1.0.0')], {
      ...{ mirror, held: [heldOf('1.3.0')] },
    });
    expect(versions).toEqual(['1.2.0']);
    expect(leftOut.map(({ what, reason }) => [what, reason])).toEqual([
      ['1.1.0', 'removed-here'],
      ['1.0.0', 'removed-here'],
    ]);
  });

  it('include further platforms of a version that is here, however old it is', () => {
    const mirror = { keepVersions: 1, keepUsedDays: null };
    const held = [heldOf('1.0.0')];
    expect(admit([release('2.0.0'), release('1.0.0', held)], { mirror, held }).versions).toEqual([
      ...['2.0.0', '1.0.0'],
    ]);
  });

  it('do not include what retention took away', () => {
    const seen = new Map([seenOf('1.0.0', { wasSynced: true }), seenOf('1.1.0')]);
    const mirror = { keepVersions: null, keepUsedDays: 30 };
    expect(admit([release('1.1.0'), release('1.0.0')], { mirror, seen }).versions).toEqual(['1.1.0']);
  });

  it('include what is pinned, although retention took it away', () => {
    const seen = new Map([seenOf('1.0.0', { wasSynced: true, isPinned: true })]);
    const mirror = { keepVersions: null, keepUsedDays: 30 };
    expect(admit([release('1.0.0')], { mirror, seen }).versions).toEqual(['1.0.0']);
  });

  it('include what was removed otherwise', () => {
    const seen = new Map([seenOf('1.0.0', { wasSynced: true })]);
    expect(admit([release('1.0.0')], { seen }).versions).toEqual(['1.0.0']);
  });
});
