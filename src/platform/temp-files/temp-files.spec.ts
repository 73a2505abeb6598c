import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StorageConfig } from '../../config/storage.config.js';
import { newSpoolName, spoolOwner } from './spool-name.js';
import { TempFiles } from './temp-files.js';

const DAY = 86_400_000;
let base: string;
let temp: TempFiles;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'temp-files-'));
  temp = new TempFiles({ tempDir: join(base, 'spool'), localBasePath: join(base, 'blobs') } as StorageConfig);
});
afterEach(() => rm(base, { recursive: true, force: true }));

/** A directory as a process that has ended, or runs elsewhere, would have left it. */
async function plant(folder: string, change: (name: string) => string): Promise<string> {
  const name = change(newSpoolName('upload'));
  await mkdir(join(base, folder, name), { recursive: true });
  await writeFile(join(base, folder, name, 'part'), 'bytes');
  return name;
}

function endedPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

describe('a spool directory', () => {
  it('is private and its own for each operation', async () => {
    const [one, two] = [await temp.create('upload'), await temp.create('upload')];
    expect(one.path).not.toBe(two.path);
    expect((await stat(one.path)).mode & 0o777).toBe(0o700);
    expect(one.file('a').startsWith(one.path)).toBe(true);
  });

  it('is gone with its files after remove, twice', async () => {
    const spool = await temp.create('upload');
    await writeFile(spool.file('part-0'), 'x');
    expect(temp.inUse).toBe(1);
    await spool.remove();
    await spool.remove();
    expect(temp.inUse).toBe(0);
    expect(await readdir(join(base, 'spool'))).toEqual([]);
  });
});

describe('leftovers', () => {
  it('of a process that has ended are removed', async () => {
    const pid = endedPid();
    await plant('spool', (name) => name.replace(`.${process.pid}.`, `.${pid}.`));
    expect(await temp.removeLeftovers(DAY)).toBe(1);
    expect(await readdir(join(base, 'spool'))).toEqual([]);
  });

  it('of an earlier process with the same id are removed', async () => {
    const { instance } = spoolOwner(newSpoolName('x'))!;
    await plant('spool', (name) => name.replace(`.${instance}.`, '.00000000.'));
    expect(await temp.removeLeftovers(DAY)).toBe(1);
  });

  it('in the staging folder of local storage are removed too', async () => {
    const pid = endedPid();
    await plant('blobs/.staging', (name) => name.replace(`.${process.pid}.`, `.${pid}.`));
    expect(await temp.removeLeftovers(DAY)).toBe(1);
  });

  it('of another host stay until they are old', async () => {
    const { host } = spoolOwner(newSpoolName('x'))!;
    const name = await plant('spool', (own) => own.replace(host, '00000000'));
    expect(await temp.removeLeftovers(DAY)).toBe(0);
    const old = new Date(Date.now() - 2 * DAY);
    await utimes(join(base, 'spool', name), old, old);
    expect(await temp.leftovers(DAY)).toMatchObject([{ name }]);
    expect(await temp.removeLeftovers(DAY)).toBe(1);
  });

  it('never include a directory in use, of this process or another one', async () => {
    const spool = await temp.create('upload');
    await plant('spool', (name) => name.replace(`.${process.pid}.`, `.${process.ppid}.`));
    expect(await temp.removeLeftovers(DAY)).toBe(0);
    expect(await temp.leftovers(0)).toHaveLength(1);
    await spool.remove();
  });

  it('never include files that are not ours', async () => {
    await mkdir(join(base, 'spool', 'somebody-elses'), { recursive: true });
    expect(await temp.removeLeftovers(0)).toBe(0);
  });

  it('of a root that does not exist are none', async () => {
    expect(await temp.leftovers(0)).toEqual([]);
  });
});
