import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ObjectRange, ObjectStore } from '../../src/storage/object-store.js';
import { casesWithout, type ContractGaps } from './contract-cases.js';
import { recordContract } from './contract-results.js';
import { storeOutageContract } from './object-store-outage.contract.js';
import { refusalContract } from './object-store-refusal.contract.js';
import { sharedStoreContract } from './object-store-shared.contract.js';
import { signedUrlContract } from './object-store-signed-url.contract.js';
import { uploadContract } from './object-store-upload.contract.js';
import { all, type StoreUnderTest } from './store-under-test.js';

/** What every object store must do. One call per adapter; `gaps` are the cases that it cannot show. */
export function objectStoreContract(
  name: string,
  start: () => Promise<StoreUnderTest>,
  gaps: ContractGaps = {},
): void {
  describe(`the ${name} object store`, () => {
    let target: StoreUnderTest;
    let store: ObjectStore;
    let files: string;
    const { it, unknownGaps } = casesWithout(gaps, test);
    recordContract(name, gaps);

    beforeAll(async () => {
      files = await mkdtemp(join(tmpdir(), 'object-store-contract-'));
    });
    afterAll(() => rm(files, { recursive: true, force: true }));
    beforeEach(async () => {
      target = await start();
      store = target.store;
    });
    afterEach(() => target.dispose());

    let fileNumber = 0;
    async function fileOf(bytes: Buffer): Promise<{ path: string; size: number }> {
      const path = join(files, `source-${fileNumber++}`);
      await writeFile(path, bytes);
      return { path, size: bytes.length };
    }
    const put = (path: string, text: string) => store.put(path, Buffer.from(text));
    async function read(path: string, range?: ObjectRange): Promise<Buffer> {
      return buffer((await store.get(path, range)).stream);
    }
    const text = async (path: string, range?: ObjectRange) => (await read(path, range)).toString();
    const paths = async (prefix: string) => (await all(store.list(prefix))).map(({ path }) => path);

    describe('put', () => {
      it('stores bytes from memory and says created', async () => {
        expect(await put('a/b', 'hello')).toBe('created');
        expect(await text('a/b')).toBe('hello');
      });

      it('stores the bytes of a file', async () => {
        expect(await store.put('a/file', await fileOf(Buffer.from('from a file')))).toBe('created');
        expect(await text('a/file')).toBe('from a file');
      });

      it('keeps the object when the source file is removed', async () => {
        const source = await fileOf(Buffer.from('still here'));
        await store.put('a/file', source);
        await rm(source.path);
        expect(await text('a/file')).toBe('still here');
      });

      it('leaves the source file in place', async () => {
        const source = await fileOf(Buffer.from('mine'));
        await store.put('a/file', source);
        expect(await readFile(source.path, 'utf8')).toBe('mine');
      });

      it('keeps the object when the buffer is changed afterwards', async () => {
        const bytes = Buffer.from('before');
        await store.put('a', bytes);
        bytes.fill('x');
        expect(await text('a')).toBe('before');
      });

      it('stores zero bytes from memory and from a file', async () => {
        await store.put('empty/memory', Buffer.alloc(0));
        await store.put('empty/file', await fileOf(Buffer.alloc(0)));
        expect(await read('empty/memory')).toHaveLength(0);
        expect((await store.stat('empty/file')).size).toBe(0);
      });

      it('stores every byte value', async () => {
        const bytes = Buffer.from(Array.from({ length: 1024 }, (_, at) => at % 256));
        await store.put('bytes', bytes);
        expect((await read('bytes')).equals(bytes)).toBe(true);
      });

      it('stores several megabytes unchanged', async () => {
        const bytes = Buffer.alloc(9 * 1024 * 1024 + 7);
        for (let at = 0; at < bytes.length; at += 4)
          bytes.writeUInt32LE((at * 2654435761) >>> 0, Math.min(at, bytes.length - 4));
        await store.put('large', await fileOf(bytes));
        expect(digestOf(await read('large'))).toBe(digestOf(bytes));
      });

      it('says existed for an object of that path and size', async () => {
        await put('a/b', 'hello');
        expect(await put('a/b', 'hello')).toBe('existed');
      });

      it('never replaces an object', async () => {
        await put('a/b', 'first');
        expect(await put('a/b', 'other')).toBe('existed');
        expect(await text('a/b')).toBe('first');
      });

      it('refuses another size under a path that exists', async () => {
        await put('a/b', 'first');
        await expect(put('a/b', 'longer than that')).rejects.toMatchObject({
          name: 'ObjectStoreRejected',
          reason: 'exists',
        });
        expect(await text('a/b')).toBe('first');
      });

      it('tells exactly one of many writers of one path that it created it', async () => {
        const sources = await Promise.all(
          Array.from({ length: 24 }, () => fileOf(Buffer.from('same bytes'))),
        );
        const outcomes = await Promise.all(sources.map((source) => store.put('race/path', source)));
        expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
        expect(outcomes.filter((outcome) => outcome === 'existed')).toHaveLength(23);
        expect(await text('race/path')).toBe('same bytes');
      });

      it('shows readers of one path a whole object or none while it is written', async () => {
        const bytes = Buffer.alloc(2_000_000, 'z');
        const writing = store.put('race/whole', await fileOf(bytes)).then(() => true);
        const seen: number[] = [];
        while (!(await Promise.race([writing, pause(1)]))) {
          seen.push(
            await read('race/whole').then(
              (found) => found.length,
              () => -1,
            ),
          );
        }
        expect(seen.filter((length) => length !== -1 && length !== bytes.length)).toEqual([]);
        expect(await read('race/whole')).toHaveLength(bytes.length);
      });

      it('writes a path again and again while it is removed again and again', async () => {
        const sources = await Promise.all(
          Array.from({ length: 100 }, () => fileOf(Buffer.from('same bytes'))),
        );
        const writes = sources.map((source) => store.put('race/removed', source));
        const removals = sources.map(() => store.delete('race/removed'));
        await Promise.all([...writes, ...removals]);
        await put('race/removed', 'same bytes');
        expect(await text('race/removed')).toBe('same bytes');
      });

      it('writes many paths at once', async () => {
        await Promise.all(Array.from({ length: 50 }, (_, at) => put(`many/${at}`, `object ${at}`)));
        expect(await text('many/49')).toBe('object 49');
        expect(await paths('many/')).toHaveLength(50);
      });

      it('accepts bytes that have the expected digest', async () => {
        const bytes = Buffer.from('checked');
        expect(await store.put('c/memory', bytes, { digest: digestOf(bytes) })).toBe('created');
        expect(await store.put('c/file', await fileOf(bytes), { digest: digestOf(bytes) })).toBe('created');
      });

      it.each([['memory'], ['file']])('refuses a wrong digest (%s) and keeps nothing', async (kind) => {
        const bytes = Buffer.from('not what was said');
        const source = kind === 'file' ? await fileOf(bytes) : bytes;
        await expect(
          store.put('c/wrong', source, { digest: digestOf(Buffer.from('said')) }),
        ).rejects.toMatchObject({
          reason: 'digest',
        });
        await expect(store.stat('c/wrong')).rejects.toMatchObject({ name: 'ObjectNotFound' });
        expect(await target.residue()).toEqual([]);
      });

      it.each([[-1], [1]])('refuses a file whose size is off by %i', async (difference) => {
        const source = await fileOf(Buffer.from('twelve bytes'));
        await expect(store.put('c/size', { ...source, size: 12 + difference })).rejects.toMatchObject({
          reason: 'size',
        });
        expect(await target.residue()).toEqual([]);
      });

      it('does nothing when it was aborted before', async () => {
        const signal = AbortSignal.abort(new Error('client left'));
        await expect(store.put('abort', Buffer.from('x'), { signal })).rejects.toThrow('client left');
        expect(await target.residue()).toEqual([]);
      });

      it('leaves nothing when it is aborted in the middle', async () => {
        const source = await fileOf(Buffer.alloc(16_000_000, 'a'));
        const abort = new AbortController();
        const writing = store.put('abort/middle', source, { signal: abort.signal, digest: 'f'.repeat(64) });
        setTimeout(() => abort.abort(new Error('client left')), 2);
        await expect(writing).rejects.toThrow('client left');
        await expect(store.stat('abort/middle')).rejects.toMatchObject({ name: 'ObjectNotFound' });
        expect(await target.residue()).toEqual([]);
      });

      it('can write a path again after an aborted attempt', async () => {
        await store
          .put('abort/again', Buffer.from('x'), { signal: AbortSignal.abort() })
          .catch(() => undefined);
        expect(await put('abort/again', 'second attempt')).toBe('created');
      });
    });

    describe('paths', () => {
      it.each([
        'blobs/sha256/ab/cd/name.tar.gz',
        'ünïcödé/モジュール-1.0.0.tar.gz',
        'emoji/📦.zip',
        'with space/and+plus/and%25percent/a=b&c',
        'quotes/\'single\'/"double"',
        `long/${'n'.repeat(255)}`,
      ])('accepts %s', async (path) => {
        await put(path, 'bytes');
        expect(await text(path)).toBe('bytes');
        expect(await paths(path)).toEqual([path]);
        await store.delete(path);
        await expect(store.stat(path)).rejects.toMatchObject({ name: 'ObjectNotFound' });
      });

      it.each([
        '',
        '/absolute',
        'a//b',
        'a/',
        '../outside',
        'a/../b',
        'a/./b',
        '.hidden/a',
        'a\\b',
        'a\u0000b',
        'a\nb',
        'CON',
        'a/nul.txt',
        `a/${'n'.repeat(256)}`,
        'a/'.repeat(600) + 'b',
        'a/\ud800',
      ])('refuses %j everywhere', async (path) => {
        const refusal = { name: 'ObjectStoreRejected', reason: 'path' };
        await expect(put(path, 'x')).rejects.toMatchObject(refusal);
        await expect(store.get(path)).rejects.toMatchObject(refusal);
        await expect(store.stat(path)).rejects.toMatchObject(refusal);
        await expect(store.delete(path)).rejects.toMatchObject(refusal);
        expect(await target.residue()).toEqual([]);
      });

      it('tells apart names that share a prefix', async () => {
        await put('share/name', 'one');
        await put('share/name2', 'two');
        await put('share/name.sig', 'three');
        await store.delete('share/name');
        expect(await text('share/name2')).toBe('two');
        expect(await text('share/name.sig')).toBe('three');
        await expect(store.get('share/name')).rejects.toMatchObject({ name: 'ObjectNotFound' });
      });

      it('tells apart names that differ in case', async () => {
        await put('case/Name', 'upper');
        await put('case/name', 'lower');
        expect([await text('case/Name'), await text('case/name')]).toEqual(['upper', 'lower']);
      });
    });

    describe('get', () => {
      it('says ObjectNotFound for what does not exist', async () => {
        await put('dir/file', 'x');
        for (const path of ['absent', 'dir/absent', 'dir/file/below', 'dir']) {
          await expect(store.get(path), path).rejects.toMatchObject({
            name: 'ObjectNotFound',
            kind: 'not-found',
          });
        }
      });

      it('says the size of the whole object, and where the part begins', async () => {
        await put('r', '0123456789');
        const whole = await store.get('r');
        const part = await store.get('r', { start: 2, end: 4 });
        expect(whole).toMatchObject({ size: 10, start: 0, length: 10 });
        expect(part).toMatchObject({ size: 10, start: 2, length: 3 });
        whole.stream.destroy();
        part.stream.destroy();
      });

      it.each<[string, ObjectRange, string]>([
        ['a part', { start: 2, end: 4 }, '234'],
        ['one byte', { start: 0, end: 0 }, '0'],
        ['the last byte', { start: 9, end: 9 }, '9'],
        ['an open end', { start: 7 }, '789'],
        ['an end beyond the size', { start: 7, end: 1_000_000 }, '789'],
        ['everything', { start: 0 }, '0123456789'],
        ['a suffix', { suffix: 3 }, '789'],
        ['a suffix longer than the object', { suffix: 50 }, '0123456789'],
      ])('reads %s', async (_name, range, expected) => {
        await put('r', '0123456789');
        expect(await text('r', range)).toBe(expected);
      });

      it.each<[string, ObjectRange]>([
        ['a start at the size', { start: 10 }],
        ['a start beyond the size', { start: 11, end: 20 }],
        ['an end before the start', { start: 5, end: 4 }],
        ['an empty suffix', { suffix: 0 }],
      ])('refuses %s and says the size', async (_name, range) => {
        await put('r', '0123456789');
        await expect(store.get('r', range)).rejects.toMatchObject({
          name: 'ObjectStoreRejected',
          reason: 'range',
          size: 10,
        });
      });

      it.each<ObjectRange>([{ start: 0 }, { suffix: 5 }])(
        'finds no range %j in an empty object',
        async (range) => {
          await put('r', '');
          await expect(store.get('r', range)).rejects.toMatchObject({ reason: 'range', size: 0 });
        },
      );

      it('serves many readers of one object at once', async () => {
        const bytes = Buffer.alloc(300_000, 'abc');
        await store.put('many', bytes);
        const found = await Promise.all(Array.from({ length: 20 }, () => read('many')));
        expect(found.every((one) => one.equals(bytes))).toBe(true);
      });

      it('can be given up in the middle', async () => {
        await store.put('left', Buffer.alloc(3_000_000));
        const { stream } = await store.get('left');
        const closed = new Promise((resolve) => stream.once('close', resolve));
        stream.once('data', () => stream.destroy());
        await closed;
        expect(await read('left')).toHaveLength(3_000_000);
      });
    });

    describe('stat', () => {
      it('says path, size and time', async () => {
        const before = Date.now() - 2000;
        await put('s/one', 'five!');
        const found = await store.stat('s/one');
        expect(found).toMatchObject({ path: 's/one', size: 5 });
        expect(found.modifiedAtMs).toBeGreaterThan(before);
        expect(found.modifiedAtMs).toBeLessThan(Date.now() + 2000);
      });

      it('says ObjectNotFound for what does not exist, also for a folder', async () => {
        await put('folder/file', 'x');
        await expect(store.stat('absent')).rejects.toMatchObject({ name: 'ObjectNotFound' });
        await expect(store.stat('folder')).rejects.toMatchObject({ name: 'ObjectNotFound' });
      });
    });

    describe('delete', () => {
      it('removes one object', async () => {
        await put('d/one', 'x');
        await put('d/two', 'y');
        await store.delete('d/one');
        expect(await paths('d/')).toEqual(['d/two']);
      });

      it('is success when there is nothing, and when repeated', async () => {
        await put('d/one', 'x');
        await store.delete('d/one');
        await expect(store.delete('d/one')).resolves.toBeUndefined();
        await expect(store.delete('never/was')).resolves.toBeUndefined();
      });

      it('never removes what lies below a path', async () => {
        await put('tree/file', 'x');
        await store.delete('tree').catch(() => undefined);
        expect(await text('tree/file')).toBe('x');
      });

      it('lets the path be written again, with another size', async () => {
        await put('d/again', 'first');
        await store.delete('d/again');
        expect(await put('d/again', 'second time')).toBe('created');
        expect(await text('d/again')).toBe('second time');
      });

      it('of many callers at once is success for all', async () => {
        await put('d/race', 'x');
        await Promise.all(Array.from({ length: 10 }, () => store.delete('d/race')));
        expect(await paths('d/')).toEqual([]);
      });
    });

    describe('list', () => {
      it('is empty for an empty store and for an unknown prefix', async () => {
        expect(await paths('')).toEqual([]);
        await put('a/b', 'x');
        expect(await paths('b')).toEqual([]);
        expect(await paths('a/b/')).toEqual([]);
      });

      it('takes the prefix as text, not as a folder', async () => {
        for (const path of ['p/ab', 'p/abc', 'p/b', 'pab']) await put(path, 'x');
        await put('q/ab.d/c', 'x');
        expect(await paths('p/abc')).toEqual(['p/abc']);
        expect(await paths('q/ab')).toEqual(['q/ab.d/c']);
        expect(await paths('p')).toEqual(['p/ab', 'p/abc', 'p/b', 'pab']);
      });

      it('is sorted by the bytes of the paths', async () => {
        const unsorted = [
          'l/b',
          'l/a/z',
          'l/a-b',
          'l/a0',
          'l/a.b',
          'l/B',
          'l/ä',
          'l/z',
          'l/\u{1f4e6}',
          'l/\uff5a',
        ];
        for (const path of unsorted) await put(path, 'x');
        const sorted = [...unsorted].sort((one, other) =>
          Buffer.compare(Buffer.from(one), Buffer.from(other)),
        );
        expect(await paths('l/')).toEqual(sorted);
      });

      it('says size and time of each object', async () => {
        await put('l/one', '1234');
        const [one] = await all(store.list('l/'));
        expect(one).toMatchObject({ path: 'l/one', size: 4 });
        expect(Math.abs(one!.modifiedAtMs - Date.now())).toBeLessThan(60_000);
      });

      it('is complete beyond one page of any store', async () => {
        const expected = Array.from({ length: 1100 }, (_, at) => `page/${String(at).padStart(4, '0')}`);
        for (let at = 0; at < expected.length; at += 50) {
          await Promise.all(expected.slice(at, at + 50).map((path) => put(path, path)));
        }
        expect(await paths('page/')).toEqual(expected);
      });

      it('can be left early', async () => {
        for (const path of ['l/1', 'l/2', 'l/3']) await put(path, 'x');
        for await (const { path } of store.list('l/')) {
          expect(path).toBe('l/1');
          break;
        }
      });

      it('survives objects that are removed meanwhile', async () => {
        for (let at = 0; at < 30; at++) await put(`l/${at}/x`, 'x');
        const seen: string[] = [];
        for await (const { path } of store.list('l/')) {
          seen.push(path);
          if (seen.length === 1) for (let at = 10; at < 20; at++) await store.delete(`l/${at}/x`);
        }
        expect(seen.length).toBeGreaterThanOrEqual(20);
      });
    });

    storeOutageContract(it, () => target);
    refusalContract(it, () => target);
    sharedStoreContract(it, () => target, fileOf);
    uploadContract(it, () => target, fileOf);
    signedUrlContract(it, () => target);

    it('keeps the sources of a test apart from its objects', async () => {
      const source = await fileOf(Buffer.from('x'));
      await store.put('one', source);
      expect((await stat(source.path)).isFile()).toBe(true);
      expect(await paths('')).toEqual(['one']);
    });

    it('has every case that the backend names as a gap', () => {
      expect([...unknownGaps]).toEqual([]);
    });
  });
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function pause(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), ms));
}
