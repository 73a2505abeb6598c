import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { protocolMeta, protocolPage } from './protocol-list.js';

describe('a page of the public registry API', () => {
  it('is always one that can be answered, whatever is asked for', () => {
    const asked = fc.oneof(fc.string(), fc.integer().map(String), fc.constant(undefined));
    fc.assert(
      fc.property(asked, asked, (offset, limit) => {
        const page = protocolPage({ offset, limit });
        expect(Number.isSafeInteger(page.offset) && page.offset >= 0).toBe(true);
        expect(Number.isSafeInteger(page.limit) && page.limit >= 1 && page.limit <= 100).toBe(true);
      }),
    );
  });

  it('is what was asked for where that is possible', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 100 }), (offset, limit) => {
        expect(protocolPage({ offset: String(offset), limit: String(limit) })).toEqual({ offset, limit });
      }),
    );
    expect(protocolPage({ limit: '101' })).toEqual({ offset: 0, limit: 100 });
  });

  it('leads to every row once, by next_url alone, with the filters as they were', () => {
    const filter = fc.option(fc.string({ minLength: 1 }), { nil: undefined });
    fc.assert(
      fc.property(fc.nat(60), fc.integer({ min: 1, max: 20 }), filter, (rows, limit, q) => {
        const seen: number[] = [];
        let query: Record<string, string | undefined> | undefined = { limit: String(limit), q };
        while (query !== undefined) {
          const page = protocolPage(query);
          const held = Array.from({ length: rows }, (_, row) => row).slice(
            page.offset,
            page.offset + page.limit,
          );
          seen.push(...held);
          const meta = protocolMeta('/v1/modules', { q: query['q'] }, page, page.offset + page.limit < rows);
          const { next_url: next } = meta;
          query = next ? Object.fromEntries(new URL(next, 'http://registry.test').searchParams) : undefined;
          if (query !== undefined) expect(query['q']).toBe(q);
        }
        expect(seen).toEqual(Array.from({ length: rows }, (_, row) => row));
      }),
    );
  });

  it('names its neighbors only where there are some', () => {
    expect(protocolMeta('/x', {}, { offset: 0, limit: 5 }, false)).toEqual({ limit: 5, current_offset: 0 });
    expect(protocolMeta('/x', {}, { offset: 3, limit: 5 }, true)).toEqual({
      limit: 5,
      current_offset: 3,
      next_offset: 8,
      next_url: '/x?limit=5&offset=8',
      prev_offset: 0,
      prev_url: '/x?limit=5&offset=0',
    });
  });
});
