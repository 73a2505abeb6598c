import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { beforeAll, describe, expect, it } from 'vitest';
import { S3ObjectStore } from '../../../src/storage/adapters/s3/s3-object-store.js';
import type { S3Settings } from '../../../src/storage/domain/backend-settings.js';
import type { ObjectStoreConnections } from '../../../src/storage/object-store-connections.js';
import { objectStoreContract } from '../object-store.contract.js';
import { all } from '../store-under-test.js';
import { abandonS3Upload, unfinishedS3Uploads } from './s3-under-test.js';

const RIGHTS = 'a test cannot take the rights of its own key away';
const MINUTE_MS = 60_000;

/** The endpoint that the environment names; undefined unless all of it is there. */
function endpointIn(env: NodeJS.ProcessEnv): S3Settings | undefined {
  const { TEST_S3_ENDPOINT: endpoint, TEST_S3_REGION: region, TEST_S3_BUCKET: bucket } = env;
  const { TEST_S3_ACCESS_KEY_ID: accessKeyId, TEST_S3_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!endpoint || !region || !bucket || !accessKeyId || !secretAccessKey) return undefined;
  return { type: 's3', endpoint, region, bucket, authMethod: 'static', accessKeyId, secretAccessKey };
}

/** Connections that can be cut, as the endpoint itself cannot be switched off. */
function cuttableConnections(): ObjectStoreConnections & { cut(): void; mend(): void } {
  const http = new HttpAgent({ keepAlive: true });
  const https = new HttpsAgent({ keepAlive: true });
  const connectors = [http.createConnection, https.createConnection] as const;
  const refuse = () => {
    throw Object.assign(new Error('cut by the test'), { code: 'ECONNREFUSED' });
  };
  return {
    http,
    https,
    cut: () => {
      [http.createConnection, https.createConnection] = [refuse, refuse];
      http.destroy();
      https.destroy();
    },
    mend: () => {
      [http.createConnection, https.createConnection] = connectors;
    },
  };
}

/** The contract against a real endpoint: see docs/contributing/testing-storage.md. */
function endpointContract(settings: S3Settings): void {
  const connections = cuttableConnections();
  const store = new S3ObjectStore(settings, connections);
  const kept = async () => [
    ...(await all(store.list(''))).map(({ path }) => path),
    ...(await unfinishedS3Uploads(settings)),
  ];
  const empty = async () => {
    for await (const { path } of store.list('')) await store.delete(path);
    await store.removeUnfinished(-MINUTE_MS);
  };
  beforeAll(async () => {
    const found = await kept();
    if (found.length > 0) throw new Error(`The bucket ${settings.bucket} is not empty: ${found[0]}`);
    return empty;
  });
  objectStoreContract(
    's3 endpoint',
    async () => {
      await empty();
      return {
        store,
        another: async () => new S3ObjectStore(settings, connections),
        breakConnection: async () => {
          connections.cut();
          return async () => connections.mend();
        },
        abandonUpload: (path) => abandonS3Upload(settings, path),
        signsUrls: true,
        readsFiles: true,
        residue: kept,
        dispose: async () => undefined,
      };
    },
    {
      'access says so in every call, and never that an object is missing': RIGHTS,
      'access says nothing about the names and keys that it uses': RIGHTS,
      'a bucket, container or directory says so: nothing is missing, nothing is empty, nothing is stored':
        'the bucket of an endpoint belongs to somebody',
    },
  );
}

describe('an endpoint of S3 in the environment', () => {
  const env = {
    TEST_S3_ENDPOINT: 'https://s3.example.com',
    TEST_S3_REGION: 'eu-central-1',
    TEST_S3_BUCKET: 'empty-bucket',
    TEST_S3_ACCESS_KEY_ID: 'test-only-key',
    TEST_S3_SECRET_ACCESS_KEY: 'test-only-secret',
  };

  it('is used when all of it is there', () => {
    expect(endpointIn(env)).toMatchObject({ endpoint: 'https://s3.example.com', bucket: 'empty-bucket' });
  });

  it.each(Object.keys(env))('is not used without %s', (name) => {
    expect(endpointIn({ ...env, [name]: '' })).toBeUndefined();
  });
});

const endpoint = endpointIn(process.env);
if (endpoint) endpointContract(endpoint);
