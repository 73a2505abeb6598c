import type { BlockBlobClient } from '@azure/storage-blob';
import type { AzureSettings } from '../../domain/backend-settings.js';
import { assertObjectPath } from '../../object-path.js';
import type { ObjectStoreConnections } from '../../object-store-connections.js';
import {
  ObjectStore,
  type ObjectBody,
  type ObjectRange,
  type ObjectSource,
  type PutOptions,
  type PutOutcome,
  type SignedUrlOptions,
  type StoredObject,
} from '../../object-store.js';
import { ObjectNotFound, ObjectStoreRejected } from '../../object-store.errors.js';
import { AzureBlobLinks } from './azure-blob-links.js';
import { AzureBlobWriter } from './azure-blob-writer.js';
import {
  type AzureContainer,
  type AzurePatience,
  DEFAULT_PATIENCE,
  openContainer,
} from './azure-blob-container.js';
import { openBlob } from './azure-blob-download.js';
import { listBlobs } from './azure-blob-listing.js';
import { sortedError } from './azure-blob.errors.js';

/** The most that Azure takes in one name. */
const MAX_SEGMENTS = 254;

/**
 * Objects as block blobs of a container, which must exist. Written with `If-None-Match: *`; read without the retries
 * of the SDK, which would go on with whatever is stored by then. Links are signed with the account key, or with a key
 * that the identity is given for that. Beyond the paths that no store accepts, a segment may not end with a dot (Azure
 * drops it, and two paths would be one blob) and a path may have 254 segments.
 */
export class AzureBlobObjectStore extends ObjectStore {
  readonly driver = 'azure';
  private readonly azure: AzureContainer;
  private readonly links: AzureBlobLinks;

  /** Asks nothing. `ObjectStoreRejected` (`settings`) for settings that cannot work. */
  constructor(
    private readonly settings: AzureSettings,
    connections: ObjectStoreConnections,
    private readonly patience: AzurePatience = DEFAULT_PATIENCE,
  ) {
    super();
    this.azure = openContainer(settings, connections, patience);
    this.links = new AzureBlobLinks(settings, this.azure);
  }

  async put(path: string, source: ObjectSource, options: PutOptions = {}): Promise<PutOutcome> {
    const blob = this.blob(path);
    const { accessTier, mirrorAccessTier = accessTier } = this.settings;
    const tier = options.content === 'mirrored' ? mirrorAccessTier : accessTier;
    try {
      return await new AzureBlobWriter(blob, tier).write(source, options);
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason;
      throw sortedError(error, 'put');
    }
  }

  async get(path: string, range?: ObjectRange): Promise<ObjectBody> {
    const blob = this.blob(path);
    try {
      return await openBlob(blob, range, this.patience.pieceMs);
    } catch (error) {
      throw sortedError(error, 'get');
    }
  }

  async stat(path: string): Promise<StoredObject> {
    const blob = this.blob(path);
    try {
      const { contentLength, lastModified } = await blob.getProperties();
      return { path, size: contentLength!, modifiedAtMs: lastModified!.getTime() };
    } catch (error) {
      throw sortedError(error, 'stat');
    }
  }

  async delete(path: string): Promise<void> {
    const blob = this.blob(path);
    try {
      await blob.delete({ deleteSnapshots: 'include' });
    } catch (error) {
      const sorted = sortedError(error, 'delete');
      if (!(sorted instanceof ObjectNotFound)) throw sorted;
    }
  }

  list(prefix: string): AsyncIterable<StoredObject> {
    return listBlobs(this.azure.container, prefix);
  }

  async signedUrl(path: string, options: SignedUrlOptions): Promise<string> {
    assertBlobPath(path);
    try {
      return await this.links.link(path, options);
    } catch (error) {
      throw sortedError(error, 'sign');
    }
  }

  /**
   * Nothing. Azure forgets blocks that were never committed after a week, and cannot be told to do so earlier: only
   * another blob in their place would push them out, which readers would see.
   */
  async removeUnfinished(): Promise<number> {
    return 0;
  }

  /** The connections belong to whoever gave them; nothing else is held. */
  async close(): Promise<void> {}

  private blob(path: string): BlockBlobClient {
    assertBlobPath(path);
    return this.azure.container.getBlockBlobClient(path);
  }
}

function assertBlobPath(path: string): void {
  assertObjectPath(path);
  const segments = path.split('/');
  if (segments.length > MAX_SEGMENTS || segments.some((segment) => segment.endsWith('.'))) {
    throw new ObjectStoreRejected('path');
  }
}
