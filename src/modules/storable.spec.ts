import { describe, expect, it } from 'vitest';
import { storable } from './storable.js';

describe('making a value storable', () => {
  it('replaces what a JSON column cannot hold', () => {
    expect(storable({ 'a\0': ['b\0', '\ud800', { c: null, d: 1, e: true }] })).toEqual({
      'a\uFFFD': ['b\uFFFD', '\uFFFD', { c: null, d: 1, e: true }],
    });
  });

  it('ends what is nested more than 100 levels deep', () => {
    const nested = (levels: number): unknown =>
      Array.from({ length: levels }).reduce<unknown>((inner) => [inner], 'core');
    expect(JSON.stringify(storable(nested(100)))).toContain('core');
    expect(JSON.stringify(storable(nested(101)))).not.toContain('core');
    expect(() => storable(nested(100_000))).not.toThrow();
  });
});
