import { describe, expect, it } from 'vitest';
import { pageRequest } from './page.js';

const LIMITS = { perPage: 20, maxPerPage: 200 };

describe('the page of a list', () => {
  const table: [string | undefined, number][] = [
    [undefined, 20],
    ['', 20],
    ['abc', 20],
    ['0', 20],
    ['-5', 20],
    ['1.5', 20],
    ['1', 1],
    ['200', 200],
    ['201', 200],
    ['1000', 200],
    ['9'.repeat(400), 200],
  ];
  it.each(table)('has for per_page=%s the size %i', (text, perPage) => {
    expect(pageRequest({ per_page: text }, LIMITS)).toEqual({ page: 1, perPage });
  });

  it('counts from 1, and has a number that a database understands', () => {
    expect(pageRequest({ page: '0' }, LIMITS).page).toBe(1);
    expect(pageRequest({ page: '7' }, LIMITS).page).toBe(7);
    expect(pageRequest({ page: '9'.repeat(400) }, LIMITS).page).toBe(1_000_000_000);
  });
});
