import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseByteRange, resolveByteRange } from './byte-range.js';

/** The reference: walks over every byte of `size` and asks RFC 9110 whether it belongs to the range. */
function reference(header: string, size: number): number[] | 'whole' | 'unsatisfiable' {
  const match = /^bytes=[ \t]*(?:(\d+)-(\d*)|-(\d+))[ \t]*$/i.exec(header);
  if (!match) return 'whole';
  const [, first, last, suffix] = match;
  if (first !== undefined && last && BigInt(first) > BigInt(last)) return 'whole';
  const positions = Array.from({ length: size }, (_, at) => at).filter((at) => {
    if (suffix !== undefined) return BigInt(size - at) <= BigInt(suffix);
    return BigInt(at) >= BigInt(first!) && (!last || BigInt(at) <= BigInt(last));
  });
  return positions.length > 0 ? positions : 'unsatisfiable';
}

function actual(header: string, size: number): number[] | 'whole' | 'unsatisfiable' {
  const range = parseByteRange(header);
  if (range === undefined) return 'whole';
  const part = resolveByteRange(range, size);
  return part ? Array.from({ length: part.length }, (_, at) => part.start + at) : 'unsatisfiable';
}

const digits = fc.oneof(
  fc.nat(70).map(String),
  fc.constantFrom('', '0', '007', '9'.repeat(20), '9'.repeat(400)),
);
const headers = fc.oneof(
  fc.tuple(digits, digits).map(([first, last]) => `bytes=${first}-${last}`),
  fc.constantFrom(
    'bytes=',
    'bytes=-',
    'bytes=0-1,5-6',
    'bytes= 1-3 ',
    'BYTES=1-3',
    'items=1-3',
    'bytes=1',
    'bytes=a-b',
  ),
  fc.string(),
);

describe('a byte range', () => {
  it('means the same bytes as by the reference (W5)', () => {
    fc.assert(
      fc.property(headers, fc.nat(64), (header, size) => {
        expect(actual(header, size)).toEqual(reference(header, size));
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=5-', { start: 5 }],
    ['bytes=-5', { suffix: 5 }],
    ['bytes=2-1', undefined],
    ['bytes=0-1,3-4', undefined],
    ['bytes=-', undefined],
    [undefined, undefined],
  ])('%s is %j', (header, range) => {
    expect(parseByteRange(header)).toEqual(range);
  });

  it('handles sizes beyond 2^32', () => {
    expect(resolveByteRange({ suffix: 5 }, 2 ** 40)).toEqual({ start: 2 ** 40 - 5, length: 5 });
  });
});
