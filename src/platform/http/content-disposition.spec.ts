import fc from 'fast-check';
import { validateHeaderValue } from 'node:http';
import { describe, expect, it } from 'vitest';
import { attachment } from './content-disposition.js';

describe('Content-Disposition', () => {
  it.each([
    ['vpc-aws-1.0.0.tar.gz', 'attachment; filename="vpc-aws-1.0.0.tar.gz"'],
    ['a"b.zip', `attachment; filename="a_b.zip"; filename*=UTF-8''a%22b.zip`],
    ['größe.zip', `attachment; filename="gr__e.zip"; filename*=UTF-8''gr%C3%B6%C3%9Fe.zip`],
    ["it's (1).zip", `attachment; filename="it_s _1_.zip"; filename*=UTF-8''it%27s%20%281%29.zip`],
    [
      'a\r\nSet-Cookie: x',
      `attachment; filename="a__Set-Cookie_ x"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x`,
    ],
  ])('of %j', (filename, header) => {
    expect(attachment(filename)).toBe(header);
  });

  it('cannot be broken out of by 2 000 names (W4)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
        const header = attachment(name);
        validateHeaderValue('content-disposition', header);
        expect(header).toMatch(/^attachment; filename="[\w.+ -]*"(; filename\*=UTF-8''[\w.!~%-]*)?$/);
      }),
      { numRuns: 2000 },
    );
  });
});
