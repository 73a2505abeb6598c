import { describe, expect, it } from 'vitest';
import { DryRunTotals } from './dry-run-totals.js';
import type { DryRunProvider } from '../domain/dry-run.js';

const provider = (
  type: string,
  sizes: readonly (readonly (number | null)[])[],
  leftOut: DryRunProvider['leftOut'] = [],
): DryRunProvider => ({
  name: { namespace: 'acme', type },
  versions: sizes.map((packages, at) => ({
    version: `${sizes.length - at}.0.0`,
    isAutoApproved: false,
    needsKnownKey: false,
    packages: packages.map((sizeBytes, platform) => ({ platform: `os/a${platform}`, sizeBytes })),
  })),
  leftOut,
  warnings: [],
});

describe('the totals of a dry run', () => {
  it('count providers with something to fetch, versions, packages and bytes', () => {
    const totals = new DryRunTotals(100);
    totals.addProvider(provider('one', [[10, null], [5]]));
    totals.addProvider(provider('two', [], [{ reason: 'denied' }]));
    totals.addProvider(provider('three', [[null]], [{ what: '0.1.0', reason: 'version-filter' }]));
    expect(totals.end({ isComplete: true })).toMatchObject({
      providerCount: 2,
      versionCount: 3,
      packageCount: 4,
      knownBytes: 15,
      unknownSizes: 2,
      leftOutCount: { denied: 1, 'version-filter': 1 },
      isComplete: true,
      isCut: false,
    });
  });

  it('list as many packages and lines as they may, and count all', () => {
    const leftOut = [
      { what: '1.0.0', reason: 'present' },
      { what: '2.0.0', reason: 'present' },
    ] as const;
    const totals = new DryRunTotals(3);
    totals.addProvider(
      provider(
        'one',
        [
          [1, 1],
          [1, 1],
        ],
        leftOut,
      ),
    );
    totals.addProvider(provider('two', [[1]], leftOut));
    const { providers, ...counts } = totals.end({ isComplete: true });
    expect(counts).toMatchObject({
      packageCount: 5,
      knownBytes: 5,
      leftOutCount: { present: 4 },
      isCut: true,
    });
    const listed = providers.map(({ versions, leftOut: lines }) => [
      versions.map(({ packages }) => packages.length),
      lines.length,
    ]);
    expect(listed).toEqual([
      [[2, 1], 2],
      [[], 1],
    ]);
  });

  it('are not cut by exactly as many as they may list', () => {
    const totals = new DryRunTotals(2);
    totals.addProvider(provider('one', [[1, 1]], [{ reason: 'denied' }, { reason: 'denied' }]));
    expect(totals.end({ isComplete: true }).isCut).toBe(false);
  });

  it('say that providers are left out of the list altogether', () => {
    const totals = new DryRunTotals(1);
    totals.addProvider(provider('one', [[1]], [{ reason: 'denied' }]));
    totals.addProvider(provider('two', [[1]], [{ reason: 'denied' }]));
    expect(totals.end({ isComplete: true })).toMatchObject({ providerCount: 2, isCut: true });
    expect(totals.end({ isComplete: true }).providers).toHaveLength(1);
  });
});
