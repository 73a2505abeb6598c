import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Platform } from '../../kernel/terraform/platform.js';
import { planProvider, type HeldPackage, type MirrorFilters, type ProviderFacts } from './mirror-plan.js';
import { NameFilter } from './name-filter.js';
import { PlatformFilter } from './platform-filter.js';
import type { ListedVersion } from './provider-listing.js';
import { parseUpstreamVersion } from './upstream-version.js';
import { VersionFilter } from './version-filter.js';

const listed = (text: string, ...keys: string[]): ListedVersion => ({
  ...parseUpstreamVersion(text)!,
  platforms: keys.map((key) => Platform.parseKey(key)),
});
const held = (version: string, platform: string): HeldPackage => ({
  version,
  platform,
  filename: `${version}_${platform}.zip`,
  digest: 'a'.repeat(64),
});
const filters = (versions = '', platforms: string[] = [], names = ['acme']): MirrorFilters => ({
  names: NameFilter.parse(names, []),
  versions: VersionFilter.parse(versions),
  platforms: PlatformFilter.parse(platforms),
});
const facts = (more: Partial<ProviderFacts> & { versions?: ListedVersion[] } = {}): ProviderFacts => ({
  name: { namespace: 'acme', type: 'widget' },
  listing: { versions: more.versions ?? [listed('1.0.0', 'linux_amd64')], unreadable: [] },
  held: [],
  isPublishedHere: false,
  permission: { kind: 'allowed' },
  ...more,
});
const fetched = (plan: ReturnType<typeof planProvider>): string[] =>
  plan.releases.flatMap(({ version, platforms }) => platforms.map(({ key }) => `${version.text} ${key}`));

describe('the plan of a provider', () => {
  it('fetches what is wanted and not here, newest first', () => {
    const versions = [
      listed('1.0.0', 'linux_amd64', 'darwin_arm64'),
      listed('1.2.0', 'linux_amd64'),
      listed('1.10.0', 'linux_amd64', 'windows_amd64'),
      listed('2.0.0-rc.1', 'linux_amd64'),
    ];
    const plan = planProvider(
      facts({ versions, held: [held('1.2.0', 'linux_amd64'), held('1.0.0', 'darwin_arm64')] }),
      filters('1.x', ['linux/amd64', 'darwin/arm64']),
    );
    expect(fetched(plan)).toEqual(['1.10.0 linux_amd64', '1.0.0 linux_amd64']);
    expect(plan.releases[1]?.held).toEqual([held('1.0.0', 'darwin_arm64')]);
    expect(plan.leftOut).toEqual([
      { what: '2.0.0-rc.1', reason: 'version-filter' },
      { what: '1.10.0 windows/amd64', reason: 'platform-filter' },
      { what: '1.2.0 linux/amd64', reason: 'present' },
      { what: '1.0.0 darwin/arm64', reason: 'present' },
    ]);
    expect(plan).toMatchObject({ vanished: [] });
    expect(plan.rolledBackFrom).toBeUndefined();
  });

  it.each([
    [{ isPublishedHere: true }, 'published-here'],
    [{ permission: { kind: 'denied', reason: 'Denied by policy: no' } }, 'denied'],
    [{ permission: { kind: 'needs-approval', isRequested: false, reason: 'Waiting' } }, 'needs-approval'],
    [{ name: { namespace: 'other', type: 'widget' } }, 'name-filter'],
  ] as const)('fetches nothing of %j', (more, reason) => {
    const plan = planProvider(facts({ ...more, held: [held('9.0.0', 'linux_amd64')] }), filters());
    expect(plan.releases).toEqual([]);
    expect(plan.leftOut).toMatchObject([{ reason }]);
    expect(plan.rolledBackFrom).toBe('9.0.0');
  });

  it('tells what could not be read, and what has no platforms', () => {
    const listing = {
      versions: [listed('1.0.0')],
      unreadable: [{ what: '"banana"', reason: 'it is no version' }],
    };
    expect(planProvider(facts({ listing }), filters()).leftOut).toEqual([
      { what: '"banana"', reason: 'unreadable', detail: 'it is no version' },
      { what: '1.0.0', reason: 'no-platforms' },
    ]);
  });

  it('takes versions and platforms that are listed twice once', () => {
    const versions = [
      listed('1.0.0', 'linux_amd64', 'linux_amd64'),
      listed('1.0.0', 'darwin_arm64', 'linux_amd64'),
      listed('1.0.0+b1', 'linux_amd64'),
    ];
    expect(fetched(planProvider(facts({ versions }), filters()))).toEqual([
      '1.0.0+b1 linux_amd64',
      '1.0.0 linux_amd64',
      '1.0.0 darwin_arm64',
    ]);
  });

  it('tells versions that vanished upstream, and a list that was rolled back (F4)', () => {
    const mine = [held('1.0.0', 'linux_amd64'), held('1.1.0', 'linux_amd64'), held('1.2.0', 'linux_amd64')];
    const of = (...texts: string[]) => texts.map((text) => listed(text, 'linux_amd64'));
    const plan = (versions: ListedVersion[]) => planProvider(facts({ versions, held: mine }), filters());
    expect(plan(of('1.0.0', '1.2.0'))).toMatchObject({ vanished: ['1.1.0'] });
    expect(plan(of('1.0.0', '1.2.0')).rolledBackFrom).toBeUndefined();
    expect(plan(of('1.0.0', '1.1.0'))).toMatchObject({ vanished: ['1.2.0'], rolledBackFrom: '1.2.0' });
    expect(plan([])).toMatchObject({ vanished: ['1.2.0', '1.1.0', '1.0.0'], rolledBackFrom: '1.2.0' });
    expect(plan(of('2.0.0'))).toMatchObject({ vanished: ['1.2.0', '1.1.0', '1.0.0'] });
  });

  it('is wanted minus present, and accounts for every listed package', () => {
    const keys = ['linux_amd64', 'darwin_arm64', 'windows_amd64'];
    const version = fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 })).map(([a, b]) => `${a}.${b}.0`);
    const platforms = fc.subarray(keys, { minLength: 1 });
    const listing = fc.uniqueArray(fc.tuple(version, platforms), {
      selector: ([text]) => text,
      maxLength: 10,
    });
    const present = fc.array(fc.tuple(version, fc.constantFrom(...keys)), { maxLength: 10 });
    const wanted = fc.constantFrom('', '1.x', '1, 2.1.0', '~> 1.1', '>= 2.0');
    fc.assert(
      fc.property(listing, present, wanted, fc.subarray(keys), (versions, mine, filter, only) => {
        const select = filters(
          filter,
          only.map((key) => key.replace('_', '/')),
        );
        const plan = planProvider(
          facts({
            versions: versions.map(([text, of]) => listed(text, ...of)),
            held: mine.map(([text, key]) => held(text, key)),
          }),
          select,
        );
        const expected = versions.flatMap(([text, of]) =>
          of
            .filter(() => select.versions.select([parseUpstreamVersion(text)!]).length === 1)
            .filter((key) => only.length === 0 || only.includes(key))
            .filter((key) => !mine.some(([version_, key_]) => version_ === text && key_ === key))
            .map((key) => `${text} ${key}`),
        );
        expect(fetched(plan).sort()).toEqual(expected.sort());
        const told = plan.leftOut.map(({ what }) => what);
        for (const [text, of] of versions) {
          for (const key of of) {
            const isAccounted =
              expected.includes(`${text} ${key}`) ||
              told.includes(text) ||
              told.includes(`${text} ${key.replace('_', '/')}`);
            expect(isAccounted, `${text} ${key}`).toBe(true);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
