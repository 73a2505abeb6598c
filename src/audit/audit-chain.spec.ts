import { describe, expect, it } from 'vitest';
import { GENESIS_HASH, hashOfEntry, isIntact, linkEntry } from './audit-chain.js';
import type { AuditDraft } from './domain/audit-entry.js';

const TIME = new Date('2026-01-02T03:04:05.678Z');
const DRAFT: AuditDraft = {
  chain: 'platform',
  userId: null,
  userEmail: 'ada@example.com',
  userName: 'Ada',
  actorKind: 'user',
  actorId: null,
  organizationId: null,
  action: 'POST /api/v1/users',
  resourceType: 'user',
  resourceId: '1',
  metadata: { b: [1, { y: 1, x: 2 }], a: 'ä' },
  ipAddress: null,
};
const link = (seq: number) => linkEntry(DRAFT, { seq: seq - 1, hash: GENESIS_HASH }, TIME);

describe('an entry in its chain', () => {
  it('is intact as it was linked, also with the names of its metadata in another order', () => {
    const entry = link(1);
    expect(isIntact(entry)).toBe(true);
    expect(isIntact({ ...entry, metadata: { a: 'ä', b: [1, { x: 2, y: 1 }] } })).toBe(true);
    expect(isIntact({ ...entry, metadata: { a: 'ä', b: [{ x: 2, y: 1 }, 1] } })).toBe(false);
  });

  it('has a hash that every field moves', () => {
    const entry = link(1);
    const fields = { ...entry, createdAt: entry.createdAt.toISOString(), metadata: '' };
    for (const field of Object.keys(fields) as (keyof typeof entry)[]) {
      if (field === 'hash') continue;
      const other = field === 'createdAt' ? new Date(0) : field === 'metadata' ? {} : 'other';
      expect(isIntact({ ...entry, [field]: other }), field).toBe(false);
    }
  });

  it('does not confuse fields that stand side by side', () => {
    const one = { ...link(1), action: 'a', resourceType: 'bc' };
    expect(hashOfEntry(one)).not.toBe(hashOfEntry({ ...one, action: 'ab', resourceType: 'c' }));
  });

  it('has an id that is ordered by its place within a millisecond', () => {
    const places = [1, 2, 15, 16, 4_095, 4_096, 65_536, 2 ** 22 - 1, 2 ** 22, 2 ** 22 + 1, 2 ** 33];
    const ids = places.map((seq) => link(seq).id);
    expect([...ids].sort()).toEqual(ids);
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });
});
