import { describe, expect, it } from 'vitest';
import { parseUpstreamVersion } from '../domain/upstream-version.js';
import { listingWarnings, newestOf } from './listing-warnings.js';

const name = { namespace: 'acme', type: 'widget' };
const plan = (more: { vanished?: string[]; rolledBackFrom?: string } = {}) => ({
  ...{ name, releases: [], leftOut: [], vanished: [], ...more },
});

describe('what a list of an upstream gives to think about', () => {
  it('is nothing when it only grows', () => {
    expect(listingWarnings(plan(), '1.1.0', '1.0.0')).toEqual([]);
    expect(listingWarnings(plan(), '1.1.0', null)).toEqual([]);
    expect(listingWarnings(plan(), null, null)).toEqual([]);
  });

  it('is that it ends earlier than what is here', () => {
    expect(listingWarnings(plan({ rolledBackFrom: '1.2.0' }), '1.1.0', '1.1.0')).toMatchObject([
      { kind: 'upstream_rolled_back' },
    ]);
  });

  it('is that it ends earlier than it did before, although that is not here', () => {
    const [warning] = listingWarnings(plan(), '1.1.0', '1.2.0');
    expect(warning!.sentence).toBe(
      'acme/widget: the upstream lists 1.1.0 as its newest version, after it had 1.2.0; what is here is kept',
    );
  });

  it('is that it is empty after it was not', () => {
    expect(listingWarnings(plan(), null, '1.2.0')[0]!.sentence).toContain('lists nothing any more');
  });

  it('is which versions are gone, the first twenty by name', () => {
    const vanished = Array.from({ length: 22 }, (_, at) => `1.${at}.0`);
    const [warning] = listingWarnings(plan({ vanished }), '2.0.0', null);
    expect(warning!.kind).toBe('version_vanished');
    expect(warning!.sentence).toContain('1.19.0 and 2 more; what is here is kept');
  });

  it('names the newest version by its order', () => {
    const versions = ['1.9.0', '1.10.0', '1.2.0'].map((text) => ({
      ...parseUpstreamVersion(text)!,
      platforms: [],
    }));
    expect(newestOf({ versions, unreadable: [] })).toBe('1.10.0');
    expect(newestOf({ versions: [], unreadable: [] })).toBeNull();
  });
});
