import {
  BlobServiceClient,
  type ContainerClient,
  newPipeline,
  type RequestPolicy,
  type RequestPolicyFactory,
  StorageSharedKeyCredential,
  type WebResource,
} from '@azure/storage-blob';
import type { AzureSettings } from '../../domain/backend-settings.js';
import type { ObjectStoreConnections } from '../../object-store-connections.js';
import { ObjectStoreRejected } from '../../object-store.errors.js';
import { AzureIdentity } from './azure-identity.js';

/** How long Azure may keep silent before an attempt counts as failed, in milliseconds. */
export interface AzurePatience {
  /** Until the answer to a request has begun; a body that has to be sent gets more, by its size. */
  readonly answerMs: number;
  /** Between two pieces of an object that is read. */
  readonly pieceMs: number;
}

export const DEFAULT_PATIENCE: AzurePatience = { answerMs: 30_000, pieceMs: 30_000 };

/** A connection that moves fewer bytes in a millisecond than this counts as broken. */
const SLOWEST_BYTES_PER_MS = 64;

/** The container that objects are kept in, with what signs requests and URLs. */
export interface AzureContainer {
  readonly service: BlobServiceClient;
  readonly container: ContainerClient;
  /** Undefined when an identity is used. */
  readonly key: StorageSharedKeyCredential | undefined;
  /** Address of the blob service of the account, without a slash at its end. */
  readonly endpoint: string;
}

/**
 * The container that the settings describe; nothing is asked yet. `ObjectStoreRejected` (`settings`) when an account
 * key or a usable address is missing, or an identity would send its token without TLS.
 */
export function openContainer(
  settings: AzureSettings,
  connections: ObjectStoreConnections,
  patience: AzurePatience,
): AzureContainer {
  const endpoint = endpointOf(settings);
  const isSecure = endpoint.startsWith('https:');
  const key = settings.authMethod === 'key' ? keyOf(settings) : undefined;
  if (!key && !isSecure) throw new ObjectStoreRejected('settings');
  const credential = key ?? new AzureIdentity(settings, connections, patience.answerMs);
  const pipeline = newPipeline(credential, { retryOptions: { maxTries: 1 } });
  pipeline.factories.push(
    new ConnectionPolicy(isSecure ? connections.https : connections.http, patience.answerMs),
  );
  const service = new BlobServiceClient(endpoint, pipeline);
  return { service, container: service.getContainerClient(settings.containerName), key, endpoint };
}

function endpointOf({ endpoint, accountName }: AzureSettings): string {
  const url = URL.parse(endpoint ?? `https://${accountName}.blob.core.windows.net`);
  if (!url || !/^https?:$/.test(url.protocol)) throw new ObjectStoreRejected('settings');
  return (url.origin + url.pathname).replace(/\/+$/, '');
}

function keyOf({ accountName, accountKey }: AzureSettings): StorageSharedKeyCredential {
  if (!accountKey) throw new ObjectStoreRejected('settings');
  return new StorageSharedKeyCredential(accountName, accountKey);
}

/** Sends requests over the connections of the server, with an end in time, and says no more about it than its name. */
class ConnectionPolicy implements RequestPolicyFactory {
  constructor(
    private readonly agent: NonNullable<WebResource['agent']>,
    private readonly answerMs: number,
  ) {}

  create(next: RequestPolicy): RequestPolicy {
    return {
      sendRequest: (request) => {
        request.agent = this.agent;
        request.timeout = this.answerMs + Math.ceil(bodyBytes(request) / SLOWEST_BYTES_PER_MS);
        request.headers.set('User-Agent', 'terraform-registry');
        return next.sendRequest(request);
      },
    };
  }
}

function bodyBytes({ body }: WebResource): number {
  return Buffer.isBuffer(body) ? body.length : 0;
}
