import { buffer } from 'node:stream/consumers';
import { describe, expect } from 'vitest';
import type { ContractIt } from './contract-cases.js';
import { all, type StoreUnderTest } from './store-under-test.js';

/** What every object store must do when it cannot be reached. Part of `objectStoreContract`. */
export function storeOutageContract(it: ContractIt, target: () => StoreUnderTest): void {
  const put = (path: string, text: string) => target().store.put(path, Buffer.from(text));
  const text = async (path: string) => (await buffer((await target().store.get(path)).stream)).toString();
  const paths = async (prefix: string) => (await all(target().store.list(prefix))).map(({ path }) => path);

  describe('signedUrl', () => {
    it('gives a URL of the store or says that there is none, without asking the store', async () => {
      const reconnect = await target().breakConnection();
      const url = await target().store.signedUrl('blobs/x.zip', {
        expiresAtMs: Date.now() + 60_000,
        filename: 'x.zip',
        contentType: 'application/zip',
      });
      await reconnect();
      expect(url === undefined ? 'https:' : new URL(url).protocol).toMatch(/^https?:$/);
    });

    it('refuses a path that is none', async () => {
      await expect(
        target().store.signedUrl('../x', {
          expiresAtMs: Date.now(),
          filename: 'x',
          contentType: 'text/plain',
        }),
      ).rejects.toMatchObject({ reason: 'path' });
    });
  });

  describe('a store that cannot be reached', () => {
    const unavailable = { name: 'ObjectStoreUnavailable', kind: 'unavailable' };

    it('never says that an object is missing', async () => {
      await put('a/b', 'x');
      const reconnect = await target().breakConnection();
      await expect(target().store.get('a/b')).rejects.toMatchObject(unavailable);
      await expect(target().store.stat('a/b')).rejects.toMatchObject(unavailable);
      await expect(target().store.stat('a/absent')).rejects.toMatchObject(unavailable);
      await reconnect();
      expect(await text('a/b')).toBe('x');
    });

    it('never says that an object was stored, removed or listed', async () => {
      await put('a/b', 'x');
      const reconnect = await target().breakConnection();
      await expect(put('a/new', 'x')).rejects.toMatchObject(unavailable);
      await expect(target().store.delete('a/b')).rejects.toMatchObject(unavailable);
      await expect(all(target().store.list(''))).rejects.toMatchObject(unavailable);
      await reconnect();
      expect(await paths('')).toEqual(['a/b']);
    });

    it('says nothing about where it keeps the bytes', async () => {
      const reconnect = await target().breakConnection();
      const error = await target()
        .store.stat('a/b')
        .catch((failure: Error) => failure);
      await reconnect();
      expect((error as Error).message).not.toMatch(/[/\\]|ENO|EIO/);
    });
  });
}
