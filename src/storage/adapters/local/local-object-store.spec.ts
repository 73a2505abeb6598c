import { existsSync } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { armFailpoint, disarmFailpoints } from '../../../platform/failpoints/failpoint.js';
import { ObjectStoreUnavailable } from '../../object-store.errors.js';
import { LocalObjectStore } from './local-object-store.js';
import { sortedError } from './local.errors.js';

const SHARED_MEMORY = '/dev/shm';
let base: string;
let root: string;
let store: LocalObjectStore;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'local-object-store-'));
  root = join(base, 'root');
  store = new LocalObjectStore(root);
});
afterEach(async () => {
  disarmFailpoints();
  await rm(base, { recursive: true, force: true });
});

const staged = () => readdir(join(root, '.staging'));

describe('writing to a local store', () => {
  it('takes the source file itself when it is on the same file system', async () => {
    const path = join(base, 'spool');
    await writeFile(path, 'bytes');
    await store.put('a/b', { path, size: 5 });
    expect((await stat(join(root, 'a/b'))).ino).toBe((await stat(path)).ino);
  });

  it.runIf(existsSync(SHARED_MEMORY))('copies from another file system', async () => {
    const other = await mkdtemp(join(SHARED_MEMORY, 'local-object-store-'));
    try {
      await writeFile(join(other, 'spool'), 'from afar');
      expect(await store.put('a/b', { path: join(other, 'spool'), size: 9 })).toBe('created');
      expect(await readFile(join(root, 'a/b'), 'utf8')).toBe('from afar');
      expect(await staged()).toEqual([]);
    } finally {
      await rm(other, { recursive: true });
    }
  });

  it('refuses a link as source', async () => {
    await writeFile(join(base, 'secret'), 'bytes');
    await symlink(join(base, 'secret'), join(base, 'spool'));
    await expect(store.put('a/b', { path: join(base, 'spool'), size: 5 })).rejects.toMatchObject({
      reason: 'size',
    });
  });

  it.each(['before-blob-fsync', 'after-blob-fsync', 'before-blob-link', 'after-blob-link'] as const)(
    'that fails at %s leaves no temporary file',
    async (name) => {
      armFailpoint(name, () => {
        throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      });
      await expect(store.put('a/b', Buffer.from('x'))).rejects.toMatchObject({
        name: 'ObjectStoreUnavailable',
      });
      expect(await staged()).toEqual([]);
      expect(existsSync(join(root, 'a/b'))).toBe(name === 'after-blob-link');
    },
  );

  it('writes nothing below a root that has disappeared, as when its volume is not mounted', async () => {
    await store.put('a/b', Buffer.from('x'));
    await rename(root, join(base, 'unmounted'));
    await mkdir(root);
    const unavailable = { name: 'ObjectStoreUnavailable' };
    await expect(store.put('a/c', Buffer.from('x'))).rejects.toMatchObject(unavailable);
    await expect(store.get('a/b')).rejects.toMatchObject(unavailable);
    await expect(store.stat('a/b')).rejects.toMatchObject(unavailable);
    await expect(store.list('')[Symbol.asyncIterator]().next()).rejects.toMatchObject(unavailable);
    expect(await readdir(root)).toEqual([]);
  });

  it('says so at once when what it is to take lies elsewhere', async () => {
    await store.put('a/b', Buffer.from('x'));
    const path = join(base, 'spool');
    await writeFile(path, 'bytes');
    await rename(root, `${root}-away`);
    await expect(store.put('a/c', { path, size: 5 })).rejects.toBeInstanceOf(ObjectStoreUnavailable);
    expect(existsSync(root)).toBe(false);
  });
});

describe('sizes above 2^31', () => {
  const SIZE = 5 * 1024 ** 3 + 3;

  it('are stored, measured and read by range as any other', async () => {
    const path = join(base, 'sparse');
    const file = await open(path, 'w');
    await file.truncate(SIZE - 3);
    await file.write('end', SIZE - 3);
    await file.close();
    await store.put('big', { path, size: SIZE });
    expect((await store.stat('big')).size).toBe(SIZE);
    expect((await buffer((await store.get('big', { start: SIZE - 3 })).stream)).toString()).toBe('end');
    expect((await buffer((await store.get('big', { suffix: 2 })).stream)).toString()).toBe('nd');
    const whole = await store.get('big');
    expect(whole).toMatchObject({ size: SIZE, length: SIZE });
    whole.stream.destroy();
  });
});

describe('links planted in a local store (H3)', () => {
  beforeEach(async () => {
    await mkdir(join(base, 'outside'), { recursive: true });
    await writeFile(join(base, 'outside', 'secret'), 'secret');
    await store.put('warm/up', Buffer.from('x'));
  });

  it('are refused as objects', async () => {
    await symlink(join(base, 'outside', 'secret'), join(root, 'leak'));
    await expect(store.get('leak')).rejects.toMatchObject({ name: 'ObjectStoreRejected', reason: 'denied' });
    await expect(store.stat('leak')).rejects.toMatchObject({ reason: 'denied' });
    await expect(store.put('leak', Buffer.from('secret'))).rejects.toMatchObject({ reason: 'denied' });
  });

  it('are refused as folders, for reading, writing and deleting', async () => {
    await symlink(join(base, 'outside'), join(root, 'folder'));
    await expect(store.get('folder/secret')).rejects.toMatchObject({ reason: 'denied' });
    await expect(store.stat('folder/secret')).rejects.toMatchObject({ reason: 'denied' });
    await expect(store.put('folder/new/file', Buffer.from('x'))).rejects.toMatchObject({ reason: 'denied' });
    await expect(store.delete('folder/secret')).rejects.toMatchObject({ reason: 'denied' });
    expect(await readdir(join(base, 'outside'))).toEqual(['secret']);
  });

  it('are not followed by a list', async () => {
    await symlink(join(base, 'outside'), join(root, 'folder'));
    await symlink(join(base, 'outside', 'secret'), join(root, 'leak'));
    const found: string[] = [];
    for await (const { path } of store.list('')) found.push(path);
    expect(found).toEqual(['warm/up']);
  });
});

describe('reading from a local store', () => {
  it('fails in the middle when the file is shorter than it was, instead of ending early', async () => {
    await store.put('cut', Buffer.alloc(3_000_000));
    const { stream } = await store.get('cut');
    await truncate(join(root, 'cut'), 1_000_000);
    await expect(buffer(stream)).rejects.toThrow('shorter');
  });

  it('keeps serving what was opened before it was deleted', async () => {
    await store.put('gone', Buffer.alloc(2_000_000, 'g'));
    const { stream } = await store.get('gone');
    await store.delete('gone');
    expect(await buffer(stream)).toHaveLength(2_000_000);
  });

  it('closes the file when the reader leaves', async () => {
    await store.put('many', Buffer.alloc(1_000_000));
    const before = (await readdir('/proc/self/fd').catch(() => [])).length;
    for (let reader = 0; reader < 20; reader++) {
      const { stream } = await store.get('many');
      const closed = new Promise((resolve) => stream.once('close', resolve));
      stream.destroy();
      await closed;
    }
    const after = (await readdir('/proc/self/fd').catch(() => [])).length;
    expect(after - before).toBeLessThan(10);
  });
});

describe('failures of the file system', () => {
  it.each([
    ['ENOSPC', 'ObjectStoreUnavailable'],
    ['EDQUOT', 'ObjectStoreUnavailable'],
    ['EIO', 'ObjectStoreUnavailable'],
    ['EROFS', 'ObjectStoreUnavailable'],
    ['EMFILE', 'ObjectStoreUnavailable'],
    ['ESTALE', 'ObjectStoreUnavailable'],
    ['something new', 'ObjectStoreUnavailable'],
    ['ENOENT', 'ObjectNotFound'],
    ['ENOTDIR', 'ObjectNotFound'],
    ['EACCES', 'ObjectStoreRejected'],
    ['ELOOP', 'ObjectStoreRejected'],
  ])('%s is %s, without a word about the path', (code, name) => {
    const error = sortedError(Object.assign(new Error(`${code}: open '/srv/x'`), { code }), 'get');
    expect(error.name).toBe(name);
    expect(error.message).not.toContain('/srv');
  });
});

describe('a new local store', () => {
  it('has a private place for what is being written', async () => {
    await expect(store.stat('nothing')).rejects.toMatchObject({ name: 'ObjectNotFound' });
    expect((await stat(join(root, '.staging'))).mode & 0o777).toBe(0o700);
    expect(dirname(join(root, '.staging'))).toBe(root);
  });
});
