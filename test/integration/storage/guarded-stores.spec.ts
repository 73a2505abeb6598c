import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { EgressConfig } from '../../../src/config/egress.config.js';
import { EgressGuard } from '../../../src/platform/outbound-http/egress-guard.js';
import { GuardedAgents } from '../../../src/platform/outbound-http/guarded-agents.js';
import { AzureBlobObjectStore } from '../../../src/storage/adapters/azure-blob/azure-blob-object-store.js';
import { GcsObjectStore } from '../../../src/storage/adapters/gcs/gcs-object-store.js';
import { S3ObjectStore } from '../../../src/storage/adapters/s3/s3-object-store.js';
import type { ObjectStoreConnections } from '../../../src/storage/object-store-connections.js';
import type { ObjectStore } from '../../../src/storage/object-store.js';
import { FakeGcs } from '../../support/fakes/gcs/fake-gcs.js';

const KEY = Buffer.from('test only').toString('base64');
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A server on every address of this machine that sends everybody to `location`, and counts who comes. */
async function listener(
  location?: string,
): Promise<{ port: number; requests: () => number; connections: () => number }> {
  let [requests, connections] = [0, 0];
  const server = createServer((_request, response) => {
    requests += 1;
    response.writeHead(location === undefined ? 200 : 307, location === undefined ? {} : { location }).end();
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((done) => server.listen(0, '0.0.0.0', done));
  ends.push(() => new Promise((done) => (server.closeAllConnections(), server.close(done))));
  const { port } = server.address() as AddressInfo;
  return { port, requests: () => requests, connections: () => connections };
}

function connectionsTo(...alsoAllow: string[]): ObjectStoreConnections {
  const config = new EgressConfig();
  return new GuardedAgents(new EgressGuard(config), config).agents({ alsoAllow });
}

type Open = (endpoint: string, connections: ObjectStoreConnections) => Promise<ObjectStore>;

const STORES: readonly [string, Open][] = [
  [
    'S3',
    async (endpoint, connections) =>
      new S3ObjectStore(
        {
          ...{ type: 's3', region: 'eu-test-1', bucket: 'bucket', endpoint, authMethod: 'static' },
          ...{ accessKeyId: 'test-only', secretAccessKey: 'test-only' },
        },
        connections,
      ),
  ],
  [
    'Azure',
    async (endpoint, connections) =>
      new AzureBlobObjectStore(
        {
          ...{ type: 'azure', accountName: 'account', containerName: 'container', authMethod: 'key' },
          ...{ accountKey: KEY, endpoint: `${endpoint}/account` },
        },
        connections,
      ),
  ],
  [
    'Google',
    async (endpoint, connections) => {
      // For a key that can be used; its server of tokens is not asked.
      const fake = await FakeGcs.start();
      ends.push(() => fake.stop());
      return new GcsObjectStore({ ...fake.settings, endpoint }, connections);
    },
  ],
];

describe.each(STORES)('the SDK of %s', (_name, open) => {
  it('connects to nothing that the egress guard refuses, and that is a matter of the settings', async () => {
    const canary = await listener();
    for (const host of ['127.0.0.1', '127.0.0.2', 'localhost', '0x7f.1']) {
      const store = await open(`http://${host}:${canary.port}`, connectionsTo());
      const refusal = { name: 'ObjectStoreRejected', reason: 'settings' };
      await expect(store.stat('a/b'), host).rejects.toMatchObject(refusal);
      await expect(store.get('a/b'), host).rejects.toMatchObject(refusal);
      await expect(store.put('a/b', Buffer.from('x')), host).rejects.toMatchObject(refusal);
    }
    expect(canary.connections()).toBe(0);
  });

  it('does not follow a redirect to such an address', async () => {
    const canary = await listener();
    const server = await listener(`http://127.0.0.2:${canary.port}/`);
    const store = await open(`http://127.0.0.1:${server.port}`, connectionsTo('127.0.0.1'));
    const works = [store.stat('a/b'), store.get('a/b'), store.put('a/b', Buffer.from('x'))];
    for (const work of await Promise.allSettled(works)) {
      expect(work).toMatchObject({ status: 'rejected', reason: { kind: 'unavailable' } });
    }
    expect(server.requests()).toBeGreaterThanOrEqual(3);
    expect(canary.connections()).toBe(0);
  });
});
