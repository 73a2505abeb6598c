import { describe, expect } from 'vitest';
import type { ContractIt } from './contract-cases.js';
import { all, type StoreUnderTest } from './store-under-test.js';

/** What stores say when they are refused, or when there is no bucket. Part of `objectStoreContract`. */
export function refusalContract(it: ContractIt, target: () => StoreUnderTest): void {
  const put = (path: string, text: string) => target().store.put(path, Buffer.from(text));

  /** Every call that asks the backend, for an object that exists and for one that does not. */
  const calls = (): [string, () => Promise<unknown>][] => {
    const { store } = target();
    return [
      ['get', () => store.get('there/one')],
      ['get of a range', () => store.get('there/one', { start: 1 })],
      ['get of nothing', () => store.get('there/absent')],
      ['stat', () => store.stat('there/one')],
      ['stat of nothing', () => store.stat('there/absent')],
      ['put', () => put('there/new', 'x')],
      ['put of what exists', () => put('there/one', 'text')],
      ['delete', () => store.delete('there/one')],
      ['delete of nothing', () => store.delete('there/absent')],
      ['list', () => all(store.list(''))],
      ['list of nothing', () => all(store.list('nothing/'))],
    ];
  };

  describe('a store that is refused', () => {
    it('a path says so without asking the backend', async () => {
      const { store, breakConnection } = target();
      const reconnect = await breakConnection();
      for (const call of [put('../x', 'x'), store.get('../x'), store.stat('../x'), store.delete('../x')]) {
        await expect(call).rejects.toMatchObject({ name: 'ObjectStoreRejected', reason: 'path' });
      }
      await reconnect();
    });

    it('access says so in every call, and never that an object is missing', async () => {
      await put('there/one', 'text');
      const permit = await target().refuseAccess!();
      for (const [name, call] of calls()) {
        await expect(call(), name).rejects.toMatchObject({
          name: 'ObjectStoreRejected',
          reason: expect.stringMatching(/^(denied|settings)$/) as string,
        });
      }
      await permit();
      expect((await all(target().store.list(''))).map(({ path }) => path)).toEqual(['there/one']);
    });

    it('access says nothing about the names and keys that it uses', async () => {
      const permit = await target().refuseAccess!();
      for (const [name, call] of calls()) {
        const error = (await call().catch((failure: Error) => failure)) as Error;
        expect(error.message, name).toMatch(/^The storage (refuses access|does not accept its settings)/);
      }
      await permit();
    });

    it('a bucket, container or directory says so: nothing is missing, nothing is empty, nothing is stored', async () => {
      await put('there/one', 'text');
      await target().removeContainer!();
      for (const [name, call] of calls()) {
        await expect(call(), name).rejects.toMatchObject({
          name: expect.stringMatching(/^ObjectStore(Rejected|Unavailable)$/) as string,
        });
      }
    });
  });
}
