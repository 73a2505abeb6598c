import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Azurite } from '../../../../test/support/fakes/azurite.js';
import type { Intervention, RelayedRequest } from '../../../../test/support/fakes/azurite-relay.js';
import { sha256Hex } from '../../../kernel/sha256.js';
import type { AzureSettings } from '../../domain/backend-settings.js';
import type { FileSource } from '../../object-store.js';
import { AzureBlobObjectStore } from './azure-blob-object-store.js';

const BLOCK_BYTES = 8 * 1024 * 1024;
const unavailable = { name: 'ObjectStoreUnavailable', kind: 'unavailable' };

let azurite: Azurite;
let store: AzureBlobObjectStore;
let files: string;

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'azure-store-'));
});
afterAll(() => rm(files, { recursive: true, force: true }));
beforeEach(async () => {
  azurite = await Azurite.start();
  store = storeWith({});
});
afterEach(() => azurite.stop());

function storeWith(settings: Partial<AzureSettings>): AzureBlobObjectStore {
  return new AzureBlobObjectStore({ ...azurite.settings, ...settings }, azurite.connections);
}
const put = (path: string, text: string) => store.put(path, Buffer.from(text));
const tierOf = async (path: string) =>
  (await azurite.container.getBlobClient(path).getProperties()).accessTier;

async function fileOf(bytes: Buffer): Promise<FileSource> {
  const path = join(files, sha256Hex(bytes));
  await writeFile(path, bytes);
  return { path, size: bytes.length, digest: sha256Hex(bytes) };
}
/** Three blocks, no two alike. */
const largeFile = (first = 'a') =>
  fileOf(Buffer.concat([Buffer.alloc(BLOCK_BYTES, first), Buffer.alloc(BLOCK_BYTES, 'b'), Buffer.from('c')]));

/** Does something else with the requests that match, until told otherwise. */
function fail(fault: Intervention, matches: (request: RelayedRequest) => boolean = () => true): void {
  azurite.relay.rule = (request) => (matches(request) ? fault : undefined);
}
const recover = () => (azurite.relay.rule = () => undefined);
const isBlock = ({ url }: RelayedRequest) => /comp=block(&|$)/.test(url);
const isBlockList = ({ url }: RelayedRequest) => url.includes('comp=blocklist');
const asked = () => azurite.relay.asked.map(({ method, url }) => `${method} ${url.replace(/.*comp=/, '')}`);

describe('the access tier', () => {
  it('is that of the account unless one is set', async () => {
    await put('a', 'x');
    expect((await azurite.container.getBlobClient('a').getProperties()).accessTierInferred).toBe(true);
  });

  it.each(['Hot', 'Cool', 'Cold'] as const)(
    '%s is given to what is written at once and in blocks',
    async (tier) => {
      store = storeWith({ accessTier: tier });
      await put('small', 'x');
      await store.put('large', await largeFile());
      expect([await tierOf('small'), await tierOf('large')]).toEqual([tier, tier]);
    },
  );

  it('of mirrored content may be another one', async () => {
    store = storeWith({ accessTier: 'Hot', mirrorAccessTier: 'Cool' });
    await store.put('own', Buffer.from('x'), { content: 'published' });
    await store.put('mirrored', Buffer.from('x'), { content: 'mirrored' });
    expect([await tierOf('own'), await tierOf('mirrored')]).toEqual(['Hot', 'Cool']);
  });

  it('of mirrored content is that of everything else unless one is set', async () => {
    store = storeWith({ accessTier: 'Cold' });
    await store.put('mirrored', Buffer.from('x'), { content: 'mirrored' });
    expect(await tierOf('mirrored')).toBe('Cold');
  });
});

describe('writing to Azure', () => {
  it('is one request for what fits into a block', async () => {
    await put('a', 'x');
    await store.put('b', await fileOf(Buffer.alloc(BLOCK_BYTES, 'x')));
    expect(azurite.relay.asked.map(({ method }) => method)).toEqual(['PUT', 'PUT']);
    expect(azurite.relay.asked.map(({ headers }) => headers['if-none-match'])).toEqual(['*', '*']);
  });

  it('looks for the blob, sends blocks and commits them when it is larger', async () => {
    await store.put('a', await largeFile());
    expect(asked().map((one) => one.replace(/&.*/, ''))).toEqual([
      expect.stringMatching(/^HEAD/),
      'PUT block',
      'PUT block',
      'PUT block',
      'PUT blocklist',
    ]);
    expect(azurite.relay.asked.find(isBlockList)!.headers['if-none-match']).toBe('*');
  });

  it('sends no block for a large blob that is there', async () => {
    const source = await largeFile();
    await store.put('a', source);
    azurite.relay.asked.length = 0;
    expect(await store.put('a', source)).toBe('existed');
    expect(azurite.relay.asked.filter(isBlock)).toEqual([]);
  });

  it('compares the digest of a large file also when the blob is there', async () => {
    const source = await largeFile();
    await store.put('a', source);
    await expect(store.put('a', source, { digest: sha256Hex('other') })).rejects.toMatchObject({
      reason: 'digest',
    });
  });

  it('sends no more than two blocks at a time', async () => {
    const { promise: second, resolve: twoArrived } = Promise.withResolvers<void>();
    const { promise: third, resolve: threeArrived } = Promise.withResolvers<string>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let blocks = 0;
    azurite.relay.rule = (request) => {
      if (!isBlock(request)) return undefined;
      if (++blocks === 2) twoArrived();
      if (blocks === 3) threeArrived('a third block');
      return { before: () => released };
    };
    const writing = store.put('a', await fileOf(Buffer.alloc(6 * BLOCK_BYTES)));
    await second;
    expect(await Promise.race([third, pause(300, 'two blocks')])).toBe('two blocks');
    release();
    expect(await writing).toBe('created');
    expect(blocks).toBe(6);
  });

  it.each([
    ['at once', 'x'.repeat(1000), () => true],
    ['in blocks', 'x'.repeat(BLOCK_BYTES + 1000), isBlock],
  ])('%s is refused by Azure when other bytes arrive', async (_title, content, matches) => {
    fail({ sentBytes: (piece) => Buffer.from(piece).fill('y', 0, 1) }, matches);
    await expect(store.put('a', await fileOf(Buffer.from(content)))).rejects.toMatchObject(unavailable);
    expect(await azurite.names()).toEqual([]);
    recover();
    expect(await store.put('a', await fileOf(Buffer.from(content)))).toBe('created');
  });

  it.each([
    ['at once', () => fileOf(Buffer.from('small')), () => true],
    ['in blocks', largeFile, isBlockList],
  ])('%s finds its own blob when the answer was lost', async (_title, source, matches) => {
    fail({ instead: 'reset' }, matches);
    await expect(store.put('a', await source())).rejects.toMatchObject(unavailable);
    recover();
    expect(await store.put('a', await source())).toBe('existed');
  });

  it('shows nothing of a large file whose upload broke off', async () => {
    let blocks = 0;
    fail('reset', (request) => isBlock(request) && ++blocks === 2);
    await expect(store.put('a', await largeFile())).rejects.toMatchObject(unavailable);
    expect(await azurite.names()).toEqual([]);
    await expect(store.stat('a')).rejects.toMatchObject({ name: 'ObjectNotFound' });
  });

  it('leaves blocks that Azure forgets by itself, and that are in nobody’s way', async () => {
    fail('reset', isBlockList);
    await expect(store.put('a', await largeFile('z'))).rejects.toMatchObject(unavailable);
    recover();
    expect(await azurite.names({ unfinished: true })).toEqual(['a']);
    expect(await store.removeUnfinished()).toBe(0);
    const source = await largeFile();
    expect(await store.put('a', source, { digest: source.digest })).toBe('created');
    expect(sha256Hex(await buffer((await store.get('a')).stream))).toBe(source.digest);
  });

  it('says existed when another writer committed the same file meanwhile and took the blocks away', async () => {
    const source = await largeFile();
    const other = storeWith({});
    let isFirst = true;
    azurite.relay.rule = (request) => {
      if (!isBlockList(request) || !isFirst) return undefined;
      isFirst = false;
      return { before: async () => void (await other.put('a', source)) };
    };
    expect(await store.put('a', source)).toBe('existed');
    expect(sha256Hex(await buffer((await store.get('a')).stream))).toBe(source.digest);
  });

  it.each(['BlobArchived', 'BlobImmutableDueToPolicy'])(
    'says existed for a blob that must not be touched (%s)',
    async (code) => {
      await put('a', 'x');
      fail({ status: 409, headers: { 'x-ms-error-code': code } }, ({ method }) => method === 'PUT');
      expect(await put('a', 'y')).toBe('existed');
      await expect(put('b', 'x')).rejects.toMatchObject({ reason: 'denied' });
    },
  );

  it('is unavailable when its blocks are gone and there is no blob', async () => {
    fail({ status: 400, headers: { 'x-ms-error-code': 'InvalidBlockList' } }, isBlockList);
    await expect(store.put('a', await largeFile())).rejects.toMatchObject(unavailable);
  });

  it('gives two attempts at the same file different blocks of one length', async () => {
    const source = await largeFile();
    await Promise.all([store.put('a', source), storeWith({}).put('a', source)]);
    const ids = azurite.relay.asked
      .filter(isBlock)
      .map(({ url }) => new URL(url, 'http://x').searchParams.get('blockid')!);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(ids.map((id) => id.length)).size).toBe(1);
  });

  it('gives a file that cannot be read no blame on the storage being empty', async () => {
    await expect(store.put('a', { path: join(files, 'absent'), size: 3 })).rejects.toMatchObject(unavailable);
  });

  it.each(['a./b', 'a/b.', `${'a/'.repeat(254)}b`])(
    'refuses the name %s, which Azure would change',
    async (path) => {
      for (const call of [put(path, 'x'), store.get(path), store.stat(path), store.delete(path)]) {
        await expect(call).rejects.toMatchObject({ reason: 'path' });
      }
      await expect(
        store.signedUrl(path, { expiresAtMs: 0, filename: 'x', contentType: 'text/plain' }),
      ).rejects.toMatchObject({ reason: 'path' });
    },
  );
});
