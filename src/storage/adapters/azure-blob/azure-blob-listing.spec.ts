import { ContainerClient } from '@azure/storage-blob';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { StoredObject } from '../../object-store.js';
import { inByteOrder, listBlobs } from './azure-blob-listing.js';

const byBytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other));
const byUnits = (one: string, other: string) => (one < other ? -1 : 1);

async function* objects(paths: readonly string[]): AsyncIterable<StoredObject> {
  for (const path of paths) yield { path, size: 0, modifiedAtMs: 0 };
}

async function pathsOf(list: AsyncIterable<StoredObject>): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of list) paths.push(path);
  return paths;
}

/** Names of few characters, among them those whose order differs. */
const NAMES = fc.uniqueArray(
  fc.string({ unit: fc.constantFrom('a', '/', '\ue000', '\uff5a', '\u{10000}', '\u{1f4e6}'), maxLength: 5 }),
);

describe('the byte order of a listing', () => {
  it.each([
    ['UTF-16 units', byUnits],
    ['bytes', byBytes],
  ])('is made of the order of %s', async (_title, order) => {
    await fc.assert(
      fc.asyncProperty(NAMES, async (names) => {
        const found = await pathsOf(inByteOrder(objects([...names].sort(order))));
        expect(found).toEqual([...names].sort(byBytes));
      }),
    );
  });

  it('needs no memory for names without such characters', async () => {
    let given = 0;
    async function* endless(): AsyncIterable<StoredObject> {
      for (;;) yield { path: `a/${String(given++).padStart(9, '0')}`, size: 0, modifiedAtMs: 0 };
    }
    const taken: string[] = [];
    for await (const { path } of inByteOrder(endless())) {
      taken.push(path);
      if (taken.length === 1000) break;
    }
    expect(given).toBe(1000);
  });
});

describe('a listing in another order', () => {
  it.each([
    ['a name that should have come earlier', ['a/b', 'a/a']],
    ['a name that comes twice', ['a/b', 'a/b']],
  ])('fails: %s', async (_title, names) => {
    const container = new ContainerClient('https://account.example.com/container');
    vi.spyOn(container, 'listBlobsFlat').mockReturnValue({
      byPage: async function* () {
        yield {
          segment: {
            blobItems: names.map((name) => ({ name, properties: { lastModified: new Date(0) } })),
          },
        };
      },
    } as unknown as ReturnType<ContainerClient['listBlobsFlat']>);
    await expect(pathsOf(listBlobs(container, ''))).rejects.toMatchObject({ name: 'ObjectStoreUnavailable' });
  });
});
