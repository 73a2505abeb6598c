import { describe, expect, it } from 'vitest';
import { csvOf } from './csv.js';

describe('a table as CSV', () => {
  const lineOf = (text: string): string => csvOf(['key', 'downloads'], [[text, 5]]).split('\r\n5')[0]!;

  it('has a header, ends every line the way RFC 4180 says, and takes no rows at all', () => {
    expect(csvOf(['day', 'downloads'], [['2026-01-01', 3]])).toBe('day,downloads\r\n2026-01-01,3\r\n');
    expect(csvOf(['day', 'downloads'], [])).toBe('day,downloads\r\n');
  });

  it.each([
    ['plain', 'plain'],
    ['', ''],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    [' spaced ', '" spaced "'],
    ['ümläut', 'ümläut'],
  ])('quotes %j only where it must', (text, cell) => {
    expect(lineOf(text)).toBe(`key,downloads\r\n${cell},5\r\n`);
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1'])('never begins a cell with %j', (text) => {
    const [, cell] = lineOf(text).split('downloads\r\n');
    expect(cell!.replace(/^"/, '').startsWith("'")).toBe(true);
  });

  it('leaves numbers alone, also negative ones', () => {
    expect(csvOf(['n'], [[-1]])).toBe('n\r\n-1\r\n');
  });
});
