import { describe, expect, it } from 'vitest';
import { expectedRows } from './expected-rows.js';

const known = {
  rows: 1_000,
  head: new Map([
    ['aws', 0.2],
    ['laws', 0.1],
  ]),
  body: new Map([['aws', 0.5]]),
};
const written = (headWords: (readonly string[] | null)[], bodyWords: readonly string[] = []) =>
  ({ kind: 'written', text: 'x', headWords, bodyWords }) as const;

describe('How many rows are expected', () => {
  it('is the share of rows with one of the words, in names or in longer texts', () => {
    expect(expectedRows([written([['aws', 'laws']])], known)).toBeCloseTo(300);
    expect(expectedRows([written([['aws']], ['aws'])], known)).toBeCloseTo(600);
    expect(expectedRows([{ kind: 'corrected', words: ['laws'] }], known)).toBeCloseTo(100);
  });

  it('is none for words that are not frequent, and all for parts of very many words', () => {
    expect(expectedRows([written([['rare']], ['rare'])], known)).toBe(0);
    expect(expectedRows([written([null])], known)).toBe(1_000);
  });

  it('falls with each further word', () => {
    expect(expectedRows([written([['aws']]), written([['laws']])], known)).toBeCloseTo(20);
    expect(expectedRows([], known)).toBe(1_000);
  });
});
