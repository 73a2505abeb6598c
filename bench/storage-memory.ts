/**
 * `node bench/storage-memory.ts s3|azure|gcs|local [megabytes]`: stores one large file, made at random, and prints as
 * JSON how much the resident memory of this process grew. The server of the backend is another process. Loopback only.
 */
import '../test/support/typescript-hooks.mjs';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { BackendSettings } from '../src/storage/domain/backend-settings.js';
import type { FileSource, ObjectStore } from '../src/storage/object-store.js';

const { residentMiB } = await import('./process-usage.js');
const { plainConnections } = await import('../test/support/store-connections.js');

const MIB = 1024 * 1024;
const MAX_GROWTH_MIB = 96;
const SAMPLE_MS = 10;

/** The program that is the backend, and prints its settings as JSON; the local one is a directory. */
const SERVERS: Record<string, string | undefined> = {
  s3: 'test/support/fakes/s3/run-fake-s3.ts',
  azure: 'test/support/fakes/run-azurite.ts',
  gcs: 'test/support/fakes/gcs/run-fake-gcs.ts',
  local: undefined,
};

/** The store of `settings`; an SDK is loaded when it is measured only. */
async function storeOf(settings: BackendSettings): Promise<ObjectStore> {
  switch (settings.type) {
    case 's3': {
      const { S3ObjectStore } = await import('../src/storage/adapters/s3/s3-object-store.js');
      return new S3ObjectStore(settings, plainConnections());
    }
    case 'azure': {
      const { AzureBlobObjectStore } =
        await import('../src/storage/adapters/azure-blob/azure-blob-object-store.js');
      return new AzureBlobObjectStore(settings, plainConnections());
    }
    case 'gcs': {
      const { GcsObjectStore } = await import('../src/storage/adapters/gcs/gcs-object-store.js');
      return new GcsObjectStore(settings, plainConnections());
    }
    case 'local': {
      const { LocalObjectStore } = await import('../src/storage/adapters/local/local-object-store.js');
      return new LocalObjectStore(settings.basePath);
    }
  }
}

async function startServer(script: string): Promise<{ settings: BackendSettings; server: ChildProcess }> {
  const server = spawn(process.execPath, [resolve(import.meta.dirname, '..', script)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: server.stdout! })) {
    return { settings: JSON.parse(line) as BackendSettings, server };
  }
  throw new Error(`${script} printed no settings`);
}

async function randomFile(path: string, size: number): Promise<Required<FileSource>> {
  const file = await open(path, 'w');
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(MIB);
  for (let left = size; left > 0; left -= chunk.length) {
    const bytes = randomFillSync(chunk).subarray(0, left);
    hash.update(bytes);
    await file.write(bytes);
  }
  await file.close();
  return { path, size, digest: hash.digest('hex') };
}

async function measure(store: ObjectStore, source: Required<FileSource>): Promise<object> {
  // What the compiler left behind would hide growth.
  collectGarbage();
  const before = residentMiB(process.pid).now;
  let highest = before;
  const sampler = setInterval(() => {
    highest = Math.max(highest, residentMiB(process.pid).now);
  }, SAMPLE_MS);
  const startedMs = performance.now();
  const outcome = await store.put('bench/large', source, { digest: source.digest });
  const seconds = (performance.now() - startedMs) / 1000;
  clearInterval(sampler);
  const { size } = await store.stat('bench/large');
  if (outcome !== 'created' || size !== source.size) throw new Error(`The file was not stored: ${outcome}`);
  const growthMiB = Math.round(highest - before);
  return {
    sizeMiB: source.size / MIB,
    beforeMiB: Math.round(before),
    growthMiB,
    maxGrowthMiB: MAX_GROWTH_MIB,
    isMet: growthMiB <= MAX_GROWTH_MIB,
    seconds: Math.round(seconds * 10) / 10,
  };
}

/** Memory that is free again goes back to the system. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  for (let times = 0; times < 3; times++)
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

const [backend = '', megabytes = '500'] = process.argv.slice(2);
if (!(backend in SERVERS)) throw new Error(`Name a backend: ${Object.keys(SERVERS).join(', ')}`);
const directory = await mkdtemp(join(tmpdir(), 'storage-memory-'));
const script = SERVERS[backend];
const started = script === undefined ? undefined : await startServer(script);
try {
  const basePath = join(directory, 'objects');
  const store = await storeOf(started?.settings ?? { type: 'local', basePath, serveDirectly: true });
  // The SDK loads and compiles itself with its first calls; that is no growth by the upload.
  await store.put('bench/small', Buffer.from('small'));
  const source = await randomFile(join(directory, 'large'), Number(megabytes) * MIB);
  console.log(JSON.stringify({ backend, ...(await measure(store, source)) }));
} finally {
  started?.server.kill();
  await rm(directory, { recursive: true, force: true });
}
process.exit();
