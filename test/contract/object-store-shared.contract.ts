import { buffer } from 'node:stream/consumers';
import { describe, expect } from 'vitest';
import type { ObjectStore } from '../../src/storage/object-store.js';
import type { ContractIt } from './contract-cases.js';
import { noise } from './noise.js';
import { all, type FileOf, type StoreUnderTest } from './store-under-test.js';

const DEFAULT_PART_BYTES = 8 * 1024 * 1024;

/** What two clients of the same data may expect of each other. Part of `objectStoreContract`. */
export function sharedStoreContract(it: ContractIt, target: () => StoreUnderTest, fileOf: FileOf): void {
  const read = async (store: ObjectStore, path: string) => buffer((await store.get(path)).stream);
  const large = () => 2 * (target().partBytes ?? DEFAULT_PART_BYTES) + 3;

  describe('two clients of one store', () => {
    it('see at once what the other stored and removed', async () => {
      const { store } = target();
      const other = await target().another();
      await store.put('shared/one', Buffer.from('from the first'));
      expect((await read(other, 'shared/one')).toString()).toBe('from the first');
      expect(await other.stat('shared/one')).toMatchObject({ size: 14 });
      expect(await all(other.list('shared/'))).toHaveLength(1);
      await other.delete('shared/one');
      await expect(store.get('shared/one')).rejects.toMatchObject({ name: 'ObjectNotFound' });
      await expect(store.stat('shared/one')).rejects.toMatchObject({ name: 'ObjectNotFound' });
    });

    it('never replace what the other stored', async () => {
      const { store } = target();
      const other = await target().another();
      await store.put('shared/one', Buffer.from('first'));
      expect(await other.put('shared/one', Buffer.from('other'))).toBe('existed');
      await expect(other.put('shared/one', Buffer.from('of another size'))).rejects.toMatchObject({
        name: 'ObjectStoreRejected',
        reason: 'exists',
      });
      expect((await read(store, 'shared/one')).toString()).toBe('first');
    });

    it('are told exactly once that a path was created, whoever comes first', async () => {
      const stores = [target().store, await target().another()];
      for (let round = 0; round < 10; round++) {
        const texts = ['aaaa', 'bbbb', 'cccc', 'dddd'];
        const outcomes = await Promise.all(
          texts.map((text, at) => stores[at % 2]!.put(`race/${round}`, Buffer.from(text))),
        );
        expect([...outcomes].sort()).toEqual(['created', 'existed', 'existed', 'existed']);
        const winner = texts[outcomes.indexOf('created')];
        expect((await read(stores[0]!, `race/${round}`)).toString()).toBe(winner);
      }
    });

    it('keep one of two sizes whole, and refuse the other', async () => {
      const stores = [target().store, await target().another()];
      for (let round = 0; round < 10; round++) {
        const sources = [Buffer.alloc(3000, 'a'), Buffer.alloc(5000, 'b')];
        const outcomes = await Promise.allSettled(
          sources.map((source, at) => stores[at]!.put(`race/${round}`, source)),
        );
        const won = outcomes.findIndex(({ status }) => status === 'fulfilled');
        expect(outcomes[1 - won]).toMatchObject({ status: 'rejected', reason: { reason: 'exists' } });
        expect((await read(stores[0]!, `race/${round}`)).equals(sources[won]!)).toBe(true);
      }
    });

    it('upload the same large file at once: one creates it, and nothing else is left', async () => {
      const bytes = noise(large(), 'same');
      const stores = [target().store, await target().another()];
      const sources = [await fileOf(bytes), await fileOf(bytes)];
      const outcomes = await Promise.all(stores.map((store, at) => store.put('race/large', sources[at]!)));
      expect([...outcomes].sort()).toEqual(['created', 'existed']);
      expect((await read(stores[1]!, 'race/large')).equals(bytes)).toBe(true);
      expect(await target().residue()).toHaveLength(1);
    });

    it('upload different large files of one size at once: one of them is kept whole', async () => {
      const contents = [noise(large(), 'one'), noise(large(), 'other')];
      const stores = [target().store, await target().another()];
      const sources = await Promise.all(contents.map(fileOf));
      const outcomes = await Promise.all(stores.map((store, at) => store.put('race/large', sources[at]!)));
      const won = outcomes.indexOf('created');
      expect(outcomes[1 - won]).toBe('existed');
      expect((await read(stores[0]!, 'race/large')).equals(contents[won]!)).toBe(true);
      expect(await target().residue()).toHaveLength(1);
    });
  });
}
