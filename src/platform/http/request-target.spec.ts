import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusedTarget } from './request-target.js';

describe('the check of request targets', () => {
  it.each([
    '/',
    '/.well-known/terraform.json',
    '/v1/modules/a/b/c/1.0.0+b1/download?terraform-get=1',
    '/v1/modules/a/b/c/1.0.0%2Bb1/download',
    '/v1/files/blobs/..x/a..b?sig=a%2Fb',
    '/caf%C3%A9?q=%E2%82%AC',
  ])('takes %s', (target) => {
    expect(refusedTarget(target)).toBeUndefined();
  });

  it.each([
    ['/a/..', 'a dot segment at the end'],
    ['/..', 'only a dot segment'],
    ['/a/%2E./b', 'half-encoded dots'],
    ['/a/./b', 'a single dot'],
    ['/a%2fb', 'an encoded slash'],
    ['/a%5Cb', 'an encoded backslash'],
    ['/a%00b', 'NUL'],
    ['/a?b=%00', 'NUL in the query'],
    ['/%c0%ae%c0%ae/', 'overlong UTF-8'],
    ['/%e2%82', 'half a character'],
    ['/%zz', 'no percent-encoding'],
    ['/a?b=%ff', 'a query that is not UTF-8'],
    ['/é', 'a raw byte above ASCII'],
    ['/%41é', 'a raw byte beside percent-encoding'],
    ['http://other/', 'another server'],
    ['a', 'no path'],
  ])('refuses %s: %s', (target) => {
    expect(refusedTarget(target)).toEqual(expect.any(String));
  });

  it('lets no target through that decodes to dot segments, NUL or more segments', () => {
    const piece = fc.constantFrom('/', '.', '%2e', '%2F', '%5c', '\\', '%00', 'a', '%c3%a9', '%', '+', '~');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const path = `/${pieces.join('')}`;
        if (refusedTarget(path) !== undefined) return;
        const segments = path.split('/').map(decodeURIComponent);
        for (const segment of segments) {
          expect(segment).not.toMatch(/^\.{1,2}$|[/\\\u0000]/);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
