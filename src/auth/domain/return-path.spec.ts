import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { returnPath } from './return-path.js';

describe('a path to go back to (B12)', () => {
  it.each([
    ['/', '/'],
    ['/modules/a/b?q=1#top', '/modules/a/b?q=1#top'],
    ['/a/../b', '/b'],
    ['/search?next=https://example.com', '/search?next=https://example.com'],
  ])('keeps %s', (text, path) => {
    expect(returnPath(text)).toBe(path);
  });

  it.each([
    '',
    'modules',
    '//evil.test',
    '/\\evil.test',
    'https://evil.test',
    '/a\\b',
    '/ä',
    '/a b',
    '/\t/evil.test',
    '/.//evil.test',
  ])('drops %j', (text) => {
    expect(returnPath(text)).toBeUndefined();
  });

  it('takes 2048 characters and no more', () => {
    expect(returnPath(`/${'a'.repeat(2047)}`)).toHaveLength(2048);
    expect(returnPath(`/${'a'.repeat(2048)}`)).toBeUndefined();
  });

  it('never leads to another origin', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '//',
      'evil.test',
      '@',
      ':',
      '%2f',
      '\t',
      '\n',
      '?',
      '#',
      'a',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const path = returnPath(pieces.join(''));
        return path === undefined || new URL(path, 'https://site.test').origin === 'https://site.test';
      }),
      { numRuns: 5000 },
    );
  });
});
