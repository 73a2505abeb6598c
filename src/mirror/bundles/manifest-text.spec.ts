import { describe, expect, it } from 'vitest';
import { BundleInvalid, BundleTooLarge } from '../domain/bundle.errors.js';
import { type BundleManifest, MAX_MANIFEST_BYTES } from './bundle-manifest.js';
import { formatManifest, parseManifest } from './manifest-text.js';

const EMPTY: BundleManifest = { createdAt: new Date(0), exportedBy: '', releases: [] };

describe('the list of a bundle', () => {
  it('is written as long as it can be held in memory', () => {
    const rest = MAX_MANIFEST_BYTES - formatManifest(EMPTY).length;
    expect(formatManifest({ ...EMPTY, exportedBy: 'x'.repeat(rest) })).toHaveLength(MAX_MANIFEST_BYTES);
    expect(() => formatManifest({ ...EMPTY, exportedBy: 'x'.repeat(rest + 1) })).toThrow(BundleTooLarge);
  });

  it('is read again', () => {
    expect(parseManifest(formatManifest({ ...EMPTY, exportedBy: 'https://r.test' }))).toEqual({
      ...EMPTY,
      exportedBy: 'https://r.test',
    });
  });

  it.each([
    '',
    '[]',
    'null',
    '1',
    '"text"',
    '{}',
    '{"format":"terraform-provider-bundle"}',
    '{"__proto__":1}',
  ])('is refused when it is %j', (text) => {
    expect(() => parseManifest(Buffer.from(text))).toThrow(BundleInvalid);
  });
});
