import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { S3ObjectStore } from '../../../src/storage/adapters/s3/s3-object-store.js';
import type { S3Settings } from '../../../src/storage/domain/backend-settings.js';
import { plainConnections } from '../../support/store-connections.js';
import { objectStoreContract } from '../object-store.contract.js';
import { all } from '../store-under-test.js';

/** As much of s3rver as is used here; it has no types. */
interface S3rver {
  readonly store: { putBucket(name: string): Promise<void> };
  readonly logger: { readonly exceptions: { unhandle(): void }; close(): void };
  callback(): RequestListener;
}
const S3rver = createRequire(import.meta.url)('s3rver') as new (options: object) => S3rver;

const NO_CONDITIONS = 's3rver ignores If-None-Match';
const NO_SIGNATURES = 's3rver does not check signatures of version 4';
const NO_UPLOADS = 's3rver can neither list nor abort multipart uploads';
const WRONG_RANGES = 's3rver reads this range as another one';
const NO_PERMISSIONS = 's3rver has no permissions';

/** What s3rver 3.7.1 cannot show; FakeS3 shows all of it. */
const GAPS = {
  'says existed for an object of that path and size': NO_CONDITIONS,
  'never replaces an object': NO_CONDITIONS,
  'refuses another size under a path that exists': NO_CONDITIONS,
  'tells exactly one of many writers of one path that it created it': NO_CONDITIONS,
  'never replace what the other stored': NO_CONDITIONS,
  'are told exactly once that a path was created, whoever comes first': NO_CONDITIONS,
  'keep one of two sizes whole, and refuse the other': NO_CONDITIONS,
  'upload the same large file at once: one creates it, and nothing else is left': NO_CONDITIONS,
  'upload different large files of one size at once: one of them is kept whole': NO_CONDITIONS,
  'shows readers of one path a whole object or none while it is written':
    's3rver shows objects before they are complete',
  'writes a path again and again while it is removed again and again':
    's3rver fails when one object is written and removed at once',
  'of many callers at once is success for all': 's3rver fails when one object is removed twice at once',
  [`accepts long/${'n'.repeat(255)}`]: 's3rver adds to the names of files, which are then too long',
  'reads one byte': WRONG_RANGES,
  'reads a suffix': WRONG_RANGES,
  'finds no range %j in an empty object': WRONG_RANGES,
  'opens the range bytes=-2': WRONG_RANGES,
  'is sorted by the bytes of the paths': 's3rver sorts by directories',
  'is complete beyond one page of any store':
    's3rver needs a cipher for its pages that OpenSSL has no longer',
  'access says so in every call, and never that an object is missing': NO_PERMISSIONS,
  'access says nothing about the names and keys that it uses': NO_PERMISSIONS,
  'leaves objects alone': NO_UPLOADS,
  'removes abandoned uploads that are old enough, and says how many': NO_UPLOADS,
  'opens nothing under another name': NO_SIGNATURES,
  'does not survive a change or the loss of any of its parameters': NO_SIGNATURES,
  'does not list the store': NO_SIGNATURES,
  'changes nothing with %s': NO_SIGNATURES,
};

let directory: string;
let s3rver: S3rver;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 's3rver-'));
  s3rver = new S3rver({ silent: true, directory });
});
afterAll(async () => {
  s3rver.logger.exceptions.unhandle();
  s3rver.logger.close();
  await rm(directory, { recursive: true });
});

/** A second opinion on the adapter, by other authors: s3rver keeps objects as files. */
objectStoreContract(
  's3rver',
  async () => {
    const bucket = `bucket-${randomUUID()}`;
    await s3rver.store.putBucket(bucket);
    const server = createServer(s3rver.callback());
    const listen = (port: number) => new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
    const close = async () => {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    };
    await listen(0);
    const { port } = server.address() as AddressInfo;
    const settings: S3Settings = {
      type: 's3',
      region: 'us-east-1',
      bucket,
      endpoint: `http://127.0.0.1:${port}`,
      authMethod: 'static',
      accessKeyId: 'S3RVER',
      secretAccessKey: 'S3RVER',
    };
    const connections = plainConnections();
    const store = new S3ObjectStore(settings, connections);
    return {
      store,
      another: async () => new S3ObjectStore(settings, connections),
      breakConnection: async () => {
        await close();
        return () => listen(port);
      },
      removeContainer: () => rm(join(directory, bucket), { recursive: true }),
      signsUrls: true,
      readsFiles: true,
      // It does not tell about unfinished uploads.
      residue: async () => (await all(store.list(''))).map(({ path }) => path),
      dispose: async () => {
        connections.http.destroy();
        await close();
        await rm(join(directory, bucket), { recursive: true, force: true });
      },
    };
  },
  GAPS,
);
