import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeS3 } from '../../../../test/support/fakes/s3/fake-s3.js';
import { plainConnections } from '../../../../test/support/store-connections.js';
import { sha256Hex } from '../../../kernel/sha256.js';
import type { S3Settings } from '../../domain/backend-settings.js';
import type { ObjectStoreRejected } from '../../object-store.errors.js';
import { S3ObjectStore } from './s3-object-store.js';

const PART_BYTES = 8 * 1024 * 1024;
const AWS: S3Settings = {
  type: 's3',
  region: 'eu-central-1',
  bucket: 'artifacts',
  authMethod: 'static',
  accessKeyId: 'AKIATESTONLY',
  secretAccessKey: 'test-only-secret',
};

let directory: string;
let fake: FakeS3;
let connections: ReturnType<typeof plainConnections>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 's3-object-store-'));
  fake = await FakeS3.start();
  connections = plainConnections();
});
afterEach(async () => {
  connections.http.destroy();
  await fake.stop();
  await rm(directory, { recursive: true });
});

const storeWith = (settings: Partial<S3Settings> = {}) =>
  new S3ObjectStore({ ...fake.settings, ...settings }, connections);

describe('a new object', () => {
  it('brings its SHA-256 along', async () => {
    await storeWith().put('a/b', Buffer.from('bytes'));
    const expected = Buffer.from(sha256Hex('bytes'), 'hex').toString('base64');
    expect(fake.object('a/b')).toMatchObject({ checksumSha256: expected, parts: 1 });
  });

  it.each<[Partial<S3Settings>, object]>([
    [{}, { storageClass: 'STANDARD', encryption: undefined, kmsKeyId: undefined }],
    [{ storageClass: 'STANDARD_IA' }, { storageClass: 'STANDARD_IA' }],
    [{ storageClass: 'glacier_ir' }, { storageClass: 'GLACIER_IR' }],
    [
      { sse: 'none', sseKmsKeyId: 'unused' },
      { encryption: undefined, kmsKeyId: undefined },
    ],
    [
      { sse: 'AES256', sseKmsKeyId: 'unused' },
      { encryption: 'AES256', kmsKeyId: undefined },
    ],
    [{ sse: 'aws:kms' }, { encryption: 'aws:kms', kmsKeyId: undefined }],
    [
      { sse: 'aws:kms', sseKmsKeyId: 'key-1' },
      { encryption: 'aws:kms', kmsKeyId: 'key-1' },
    ],
  ])('with the settings %j becomes %j', async (settings, expected) => {
    await storeWith(settings).put('a/b', Buffer.from('bytes'));
    expect(fake.object('a/b')).toMatchObject(expected);
  });

  it.each(['GLACIER', 'DEEP_ARCHIVE', 'deep_archive'])('is never of the class %s', (storageClass) => {
    let refusal: unknown;
    try {
      storeWith({ storageClass });
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({ name: 'ObjectStoreRejected', reason: 'settings' });
    expect((refusal as ObjectStoreRejected).cause).toMatchObject({
      message: expect.stringContaining('must be restored before they can be read') as string,
    });
  });
});

describe('an object that goes up in parts', () => {
  const settings = { storageClass: 'STANDARD_IA', sse: 'aws:kms', sseKmsKeyId: 'key-1' } as const;

  it('has class, encryption and the checksums of its parts', async () => {
    const path = join(directory, 'file');
    await writeFile(path, Buffer.alloc(PART_BYTES + 1));
    await storeWith(settings).put('a/b', { path, size: PART_BYTES + 1 });
    expect(fake.object('a/b')).toMatchObject({
      storageClass: 'STANDARD_IA',
      encryption: 'aws:kms',
      kmsKeyId: 'key-1',
      parts: 2,
      checksumSha256: expect.stringMatching(/-2$/) as string,
    });
  });
});

describe('a presigned URL', () => {
  const options = { filename: 'x.zip', contentType: 'application/zip' };

  it('asks nobody', async () => {
    await storeWith().signedUrl('a/b', { ...options, expiresAtMs: Date.now() + 60_000 });
    expect(fake.calls).toEqual([]);
  });

  it('ends at the second that was asked for', async () => {
    const expiresAtMs = Math.floor(Date.now() / 1000) * 1000 + 900_000;
    const url = new URL(await storeWith().signedUrl('a/b', { ...options, expiresAtMs: expiresAtMs + 999 }));
    const signed = url.searchParams
      .get('X-Amz-Date')!
      .replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z');
    const life = Number(url.searchParams.get('X-Amz-Expires')) * 1000;
    expect(Date.parse(signed) + life).toBe(expiresAtMs);
  });

  it('signs nothing but the host, and no key of the account stands in it', async () => {
    const url = new URL(await storeWith().signedUrl('a/b', { ...options, expiresAtMs: Date.now() + 60_000 }));
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('host');
    expect(url.href).not.toContain(encodeURIComponent(fake.settings.secretAccessKey!));
  });

  const addressOf = async (settings: Partial<S3Settings>) => {
    const store = new S3ObjectStore({ ...AWS, ...settings }, connections);
    const url = await store.signedUrl('a/b', { ...options, expiresAtMs: Date.now() + 60_000 });
    return url.slice(0, url.indexOf('?'));
  };

  it.each<[Partial<S3Settings>, string]>([
    [{}, 'https://artifacts.s3.eu-central-1.amazonaws.com/a/b'],
    [{ forcePathStyle: true }, 'https://s3.eu-central-1.amazonaws.com/artifacts/a/b'],
    [{ endpoint: 'http://minio.example.com:9000' }, 'http://minio.example.com:9000/artifacts/a/b'],
    [
      { endpoint: 'https://fra1.example.com', forcePathStyle: false },
      'https://artifacts.fra1.example.com/a/b',
    ],
    [
      { endpoint: 'http://minio.internal.example.com:9000', publicEndpoint: 'https://files.example.com' },
      'https://files.example.com/artifacts/a/b',
    ],
    [{ publicEndpoint: 'https://files.example.com' }, 'https://artifacts.files.example.com/a/b'],
    [{ region: 'cn-north-1' }, 'https://artifacts.s3.cn-north-1.amazonaws.com.cn/a/b'],
  ])('with the settings %j has the address %s', async (settings, address) => {
    expect(await addressOf(settings)).toBe(address);
  });

  it('of the public endpoint works when that leads to the store', async () => {
    await storeWith().put('a/b', Buffer.from('bytes'));
    const publicEndpoint = fake.url.replace('127.0.0.1', 'localhost');
    const url = await storeWith({ publicEndpoint }).signedUrl('a/b', {
      ...options,
      expiresAtMs: Date.now() + 60_000,
    });
    expect(new URL(url).hostname).toBe('localhost');
    // The signature is for that host, whatever address it has.
    const wrongHost = await fetch(url.replace('localhost', '127.0.0.1'));
    expect([wrongHost.status, (await fetch(url)).status]).toEqual([403, 200]);
  });
});

describe('a missing bucket', () => {
  it('is no missing object, although an answer to HEAD has no code', async () => {
    const store = storeWith({ bucket: 'elsewhere' });
    await expect(store.stat('a/b')).rejects.toMatchObject({
      name: 'ObjectStoreRejected',
      reason: 'settings',
    });
    expect(fake.calls).toEqual(['HeadObject a/b', 'HeadBucket']);
  });

  it('is in doubt an outage', async () => {
    fake.faults.add({ kind: 'status', status: 503, operations: ['HeadBucket'] });
    await expect(storeWith().stat('a/b')).rejects.toMatchObject({ name: 'ObjectStoreUnavailable' });
  });
});

describe('things of others in the bucket', () => {
  it('are not listed as objects', async () => {
    const store = storeWith();
    await store.put('a/b', Buffer.from('x'));
    fake.plant('a/folder/', Buffer.alloc(0));
    fake.plant('a/\u0001strange', Buffer.alloc(0));
    const found: string[] = [];
    for await (const { path } of store.list('')) found.push(path);
    expect(found).toEqual(['a/b']);
  });
});

describe('a large Buffer', () => {
  it('goes up in one request', async () => {
    await storeWith().put('a/b', Buffer.alloc(PART_BYTES + 1));
    expect(fake.calls).toEqual(['PutObject a/b']);
  });
});
