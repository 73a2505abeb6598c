import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { readTerms } from './search-terms.js';
import { bodyWordsOf, haystackOf, wordsOf } from './search-text.js';

const LIMITS = { maxQueryLength: 20, maxWords: 3 };
const textsOf = (query: string, match: 'name' | 'text' = 'name') =>
  readTerms(query, match, LIMITS).terms.map(({ text }) => text);

describe('the text of a query', () => {
  it('is read as distinct words in lower case', () => {
    expect(textsOf('  VPC\tvpc  Net ')).toEqual(['vpc', 'net']);
  });

  it('has no words when it is blank', () => {
    expect(readTerms('  ', 'text', LIMITS)).toEqual({ terms: [] });
    expect(readTerms(undefined, 'text', LIMITS)).toEqual({ terms: [] });
  });

  it('is compared in one spelling of every character', () => {
    expect(textsOf('U\u0308ber')).toEqual(textsOf('\u00fcber'));
  });

  it('loses what cannot be printed', () => {
    expect(textsOf('a\u0000b')).toEqual(['a', 'b']);
  });

  it('leaves words that every text has out of a text search, unless there are no others', () => {
    expect(textsOf('the vpc', 'text')).toEqual(['vpc']);
    expect(textsOf('the vpc', 'name')).toEqual(['the', 'vpc']);
    expect(textsOf('of the', 'text')).toEqual(['of', 'the']);
  });

  it('may have as many characters and words as the limits say, and no more', () => {
    expect(textsOf('x'.repeat(20))).toHaveLength(1);
    expect(() => readTerms('x'.repeat(21), 'name', LIMITS)).toThrow(InvalidInput);
    expect(textsOf('a b c')).toHaveLength(3);
    expect(() => readTerms('a b c d', 'name', LIMITS)).toThrow('q has too many words: use at most 3');
  });

  it.each([
    ['vpc', { name: 'vpc' }],
    ['Acme/VPC', { namespace: 'acme', name: 'vpc' }],
    ['acme/vpc/aws', { namespace: 'acme', name: 'vpc', system: 'aws' }],
    ['a/b/c/d', undefined],
  ])('%s may be an address', (query, exact) => {
    expect(readTerms(query, 'name', LIMITS).exact).toEqual(exact);
  });
});

describe('the text that is searched', () => {
  it('is the address and the description', () => {
    expect(haystackOf(['Acme', 'vpc', 'aws'], 'Networks\nfor ALL')).toBe('acme/vpc/aws networks for all');
  });

  it('has no word of more than 64 letters', () => {
    expect(haystackOf(['a', 'b'], 'x'.repeat(100))).toBe(`a/b ${'x'.repeat(64)}`);
  });

  it('is split into runs of letters and digits', () => {
    expect(wordsOf('s3_bucket-日本/über 100%')).toEqual(['s3', 'bucket', '日本', 'über', '100']);
  });

  it('keeps of a long text at most 500 words, each once, without those that every text has', () => {
    expect(bodyWordsOf('The tags of the VPC, tags')).toEqual(['tags', 'vpc']);
    const many = Array.from({ length: 600 }, (_, at) => `word${at}`).join(' ');
    expect(bodyWordsOf(many)).toHaveLength(500);
  });
});
