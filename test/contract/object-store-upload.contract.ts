import { setTimeout as pause } from 'node:timers/promises';
import { buffer } from 'node:stream/consumers';
import { describe, expect } from 'vitest';
import { sha256Hex } from '../../src/kernel/sha256.js';
import type { ContractIt } from './contract-cases.js';
import { noise } from './noise.js';
import { all, type FileOf, type StoreUnderTest } from './store-under-test.js';

const DEFAULT_PART_BYTES = 8 * 1024 * 1024;
const HOUR_MS = 3_600_000;
/** Older than something that begins a minute from now: everything, also by a clock ahead of ours. */
const EVERYTHING = -60_000;

/** How stores keep files that they take in parts, and what happens to those that never end. Part of `objectStoreContract`. */
export function uploadContract(it: ContractIt, target: () => StoreUnderTest, fileOf: FileOf): void {
  const partBytes = () => target().partBytes ?? DEFAULT_PART_BYTES;
  const read = async (path: string) => buffer((await target().store.get(path)).stream);

  describe('a large upload', () => {
    it.each([
      ['a byte less than a part', 1, -1],
      ['exactly one part', 1, 0],
      ['one part and a byte', 1, 1],
      ['exactly two parts', 2, 0],
      ['several parts and a rest', 4, 4321],
    ])('of %s is kept byte for byte', async (_title, parts, more) => {
      const bytes = noise(parts * partBytes() + more, 'parts');
      const source = { ...(await fileOf(bytes)), digest: sha256Hex(bytes) };
      expect(await target().store.put('large/file', source, { digest: sha256Hex(bytes) })).toBe('created');
      expect((await read('large/file')).equals(bytes)).toBe(true);
      expect(await target().residue()).toHaveLength(1);
    });

    it('from memory is kept byte for byte', async () => {
      const bytes = noise(2 * partBytes() + 1, 'memory');
      expect(await target().store.put('large/memory', bytes, { digest: sha256Hex(bytes) })).toBe('created');
      expect((await read('large/memory')).equals(bytes)).toBe(true);
    });

    it('can be read by range across the edge of a part', async () => {
      const bytes = noise(2 * partBytes() + 7, 'edge');
      await target().store.put('large/edge', await fileOf(bytes));
      const range = { start: partBytes() - 3, end: partBytes() + 3 };
      const part = await buffer((await target().store.get('large/edge', range)).stream);
      expect(part.equals(bytes.subarray(range.start, range.end + 1))).toBe(true);
    });

    it('is found to exist when it is repeated', async () => {
      const source = await fileOf(noise(partBytes() + 1, 'twice'));
      expect(await target().store.put('large/twice', source)).toBe('created');
      expect(await target().store.put('large/twice', source)).toBe('existed');
      expect(await target().residue()).toHaveLength(1);
    });

    it('refuses bytes of another digest and leaves nothing', async () => {
      const source = await fileOf(noise(2 * partBytes() + 1, 'wrong'));
      await expect(
        target().store.put('large/wrong', source, { digest: sha256Hex('said') }),
      ).rejects.toMatchObject({ name: 'ObjectStoreRejected', reason: 'digest' });
      await expect(target().store.stat('large/wrong')).rejects.toMatchObject({ name: 'ObjectNotFound' });
      expect(await target().residue()).toEqual([]);
    });

    it.each([[-1], [1]])('refuses a file whose size is off by %i and leaves nothing', async (difference) => {
      const source = await fileOf(noise(2 * partBytes() + 5, 'size'));
      const other = { ...source, size: source.size + difference };
      await expect(target().store.put('large/size', other)).rejects.toMatchObject({ reason: 'size' });
      expect(await target().residue()).toEqual([]);
    });

    it.each([0, 3, 15, 40, 90])('aborted after %i ms leaves nothing unfinished', async (afterMs) => {
      const source = await fileOf(noise(3 * partBytes(), 'abort'));
      const abort = new AbortController();
      // With this digest it cannot end well, however fast it is.
      const writing = target().store.put('large/abort', source, {
        signal: abort.signal,
        digest: 'f'.repeat(64),
      });
      const failure = writing.then(
        (outcome) => outcome,
        (error: Error) => error.message,
      );
      await pause(afterMs);
      abort.abort(new Error('client left'));
      expect(await failure).toMatch(/client left|expected SHA-256/);
      await expect(target().store.stat('large/abort')).rejects.toMatchObject({ name: 'ObjectNotFound' });
      expect(await target().residue()).toEqual([]);
    });
  });

  describe('a file with a digest of its own', () => {
    it('is compared with it by a store that reads files, and taken over by others', async () => {
      const source = { ...(await fileOf(Buffer.from('other bytes'))), digest: sha256Hex('said') };
      const outcome = target()
        .store.put('digest/source', source)
        .catch((error: { reason?: string }) => error.reason);
      expect(await outcome).toBe(target().readsFiles ? 'digest' : 'created');
      expect(await target().residue()).toHaveLength(target().readsFiles ? 0 : 1);
    });

    it('is stored when the digest is right', async () => {
      const bytes = Buffer.from('these bytes');
      const source = { ...(await fileOf(bytes)), digest: sha256Hex(bytes) };
      expect(await target().store.put('digest/source', source)).toBe('created');
    });
  });

  describe('removeUnfinished', () => {
    it('leaves objects alone', async () => {
      const bytes = noise(partBytes() + 1, 'kept');
      await target().store.put('kept/large', await fileOf(bytes));
      await target().store.put('kept/small', Buffer.from('x'));
      expect(await target().store.removeUnfinished(EVERYTHING)).toBe(0);
      expect((await read('kept/large')).equals(bytes)).toBe(true);
      expect((await read('kept/small')).toString()).toBe('x');
    });

    it('removes abandoned uploads that are old enough, and says how many', async () => {
      const { abandonUpload, store, residue } = target();
      if (!abandonUpload) return expect(await store.removeUnfinished(EVERYTHING)).toBe(0);
      await abandonUpload('left/one');
      await abandonUpload('left/two');
      expect(await residue()).toHaveLength(2);
      expect(await store.removeUnfinished(HOUR_MS)).toBe(0);
      expect(await residue()).toHaveLength(2);
      expect(await store.removeUnfinished(EVERYTHING)).toBe(2);
      expect(await residue()).toEqual([]);
    });

    it('never shows an abandoned upload as an object, and lets its path be written', async () => {
      const { abandonUpload, store } = target();
      await abandonUpload?.('left/one');
      await expect(store.stat('left/one')).rejects.toMatchObject({ name: 'ObjectNotFound' });
      await expect(store.get('left/one')).rejects.toMatchObject({ name: 'ObjectNotFound' });
      expect(await all(store.list(''))).toEqual([]);
      expect(await store.put('left/one', Buffer.from('whole'))).toBe('created');
      expect((await read('left/one')).toString()).toBe('whole');
    });
  });
}
