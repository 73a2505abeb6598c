import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BlobServiceClient,
  type ContainerClient,
  newPipeline,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import type { AzureSettings } from '../../../src/storage/domain/backend-settings.js';
import type { ObjectStoreConnections } from '../../../src/storage/object-store-connections.js';
import { issueTestTls, type TestTls } from '../tls.js';
import { AzuriteFaults } from './azurite-faults.js';
import { AzuriteRelay } from './azurite-relay.js';
import { AzuriteServer } from './azurite-server.js';

/** One server for all of this process: it takes seconds to start. */
let plainServer: Promise<AzuriteServer> | undefined;
let secureServer: Promise<SecureServer> | undefined;

export interface AzuriteOptions {
  readonly tls?: boolean;
  readonly seed?: number;
}

interface SecureServer {
  readonly server: AzuriteServer;
  readonly tls: TestTls;
}

/**
 * An empty container of azurite, the emulator of Azure Storage, behind a relay of its own that can fail in many ways.
 * The server is shared by all containers of a process and ends with it.
 */
export class Azurite {
  /** Ready to use: the address of the relay, and the account key. */
  readonly settings: AzureSettings;
  /** Without an egress guard; they trust the certificate of the relay. */
  readonly connections: ObjectStoreConnections;
  readonly relay: AzuriteRelay;
  /** What may go wrong by chance; `relay.rule` is for what happens to single requests, and is asked first. */
  readonly faults: AzuriteFaults;
  /** The container as its owner sees it, past the relay. */
  readonly container: ContainerClient;
  /** The certificate of the relay; there with `tls`. */
  readonly tls: TestTls | undefined;

  private constructor(
    server: AzuriteServer,
    relay: AzuriteRelay,
    faults: AzuriteFaults,
    container: ContainerClient,
    tls: TestTls | undefined,
  ) {
    const { accountName, accountKey } = server;
    this.relay = relay;
    this.faults = faults;
    this.container = container;
    this.tls = tls;
    this.settings = {
      type: 'azure',
      accountName,
      accountKey,
      containerName: container.containerName,
      authMethod: 'key',
      endpoint: `${relay.origin}/${accountName}`,
    };
    this.connections = {
      http: new HttpAgent({ keepAlive: true }),
      https: new HttpsAgent({ keepAlive: true, ca: tls?.ca }),
    };
  }

  /** With `tls` the server also takes the tokens of identities. `seed` is for the chance of faults. */
  static async start({ tls: isSecure = false, seed = 1 }: AzuriteOptions = {}): Promise<Azurite> {
    const { server, tls } = isSecure
      ? await (secureServer ??= startSecure())
      : { server: await (plainServer ??= AzuriteServer.start()), tls: undefined };
    const container = ownerOf(server, tls).getContainerClient(`c-${randomUUID()}`);
    await container.create();
    const faults = new AzuriteFaults(seed);
    const relay = await AzuriteRelay.start(server.origin, faults, tls);
    return new Azurite(server, relay, faults, container, tls);
  }

  /** Names of all blobs, those that have nothing but uncommitted blocks too where `unfinished` is set. */
  async names({ unfinished = false } = {}): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of this.container.listBlobsFlat({ includeUncommitedBlobs: unfinished })) {
      names.push(name);
    }
    return names;
  }

  /** Removes the container, if it is still there, and the relay. */
  async stop(): Promise<void> {
    await this.container.deleteIfExists();
    await this.relay.stop();
    this.connections.http.destroy();
    this.connections.https.destroy();
  }
}

async function startSecure(): Promise<SecureServer> {
  const directory = mkdtempSync(join(tmpdir(), 'tfr-azurite-'));
  try {
    const tls = await issueTestTls(directory);
    return { tls, server: await AzuriteServer.start({ tls }) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function ownerOf(server: AzuriteServer, tls: TestTls | undefined): BlobServiceClient {
  const agent = tls ? new HttpsAgent({ ca: tls.ca }) : new HttpAgent();
  const pipeline = newPipeline(new StorageSharedKeyCredential(server.accountName, server.accountKey));
  pipeline.factories.push({
    create: (next) => ({
      sendRequest: (request) => {
        request.agent = agent;
        return next.sendRequest(request);
      },
    }),
  });
  return new BlobServiceClient(`${server.origin}/${server.accountName}`, pipeline);
}
