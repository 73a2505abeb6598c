import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Transactions } from '../platform/database/transactions.js';
import { failpoint } from '../platform/failpoints/failpoint.js';
import type { ArtifactKey } from './artifact-key.js';
import { ArtifactLocations } from './artifact-locations.service.js';
import { DamagedArtifacts } from './damaged-artifacts.service.js';
import type { ObjectBody, ObjectRange, ObjectSource, PutOptions, StoredObject } from './object-store.js';
import { ObjectNotFound, ObjectStoreRejected, ObjectStoreUnavailable } from './object-store.errors.js';
import { type NamedStore, ObjectStores } from './object-stores.service.js';
import { ArtifactsRepository } from './persistence/artifacts.repository.js';
import { ArtifactDamaged, ArtifactVanished, FileNotFound, StorageNotConfigured } from './storage.errors.js';

const DELETION_WAIT_MS = 15_000;
const DELETION_POLL_MS = 50;

/** Bytes that are in the store, with a row that is not committed yet. */
export interface StagedArtifact {
  readonly id: string;
  readonly key: ArtifactKey;
  /** In bytes. */
  readonly size: number;
}

/** Where and how bytes are stored. */
export interface StageOptions {
  /** Name of the storage; the active one unless given. */
  readonly storage?: string;
  /** What the bytes are: a store may keep mirrored content in another access tier. */
  readonly content?: PutOptions['content'];
}

/** An open object and where it was found. */
export interface OpenArtifact extends ObjectBody {
  /** Whether the bytes come from another machine: what arrived is not yet known to be what was stored. */
  readonly isRemote: boolean;
}

/**
 * The storage as features see it: stage bytes outside a transaction, commit them in the one that makes them
 * visible, hand out links, open. The life of an artifact is described in the architecture, section 6.
 */
@Injectable()
export class ArtifactStore {
  constructor(
    private readonly artifacts: ArtifactsRepository,
    private readonly stores: ObjectStores,
    private readonly locations: ArtifactLocations,
    private readonly damaged: DamagedArtifacts,
  ) {}

  /**
   * Makes sure that the bytes of `key` are stored: first the row, then the bytes, which are those of the digest
   * in `key` (a file was hashed by the caller; a Buffer is hashed here). An object that exists is success. Waits
   * while the sweep removes former bytes of the key. Throws ObjectStoreUnavailable, ObjectStoreRejected,
   * StorageNotConfigured, and ArtifactDamaged when an object of another size has this key. Not inside a
   * transaction.
   */
  async stage(key: ArtifactKey, source: ObjectSource, options: StageOptions = {}): Promise<StagedArtifact> {
    Transactions.assertNone('Object storage');
    const { storage } = options;
    const target = await (storage === undefined ? this.stores.active() : this.stores.of(storage));
    const size = Buffer.isBuffer(source) ? source.length : source.size;
    await failpoint('before-stage-row');
    const row = await this.artifacts.stage(target.name, key, size);
    if (row === undefined) throw new StorageNotConfigured(target.name);
    await failpoint('after-stage-row');
    if (row.sizeBytes !== size) throw new ArtifactDamaged();
    await this.awaitDeletion(target.name, key);
    await put(target, key, source, options.content);
    await failpoint('after-blob-put');
    this.locations.remember(key.path, target.name);
    return { id: row.id, key, size };
  }

  /**
   * Keeps a staged artifact, in the caller's transaction, before a row that refers to it is written (afterwards
   * its foreign key would fail first). Throws ArtifactVanished: roll back, stage again and repeat.
   */
  async commit(artifact: StagedArtifact): Promise<void> {
    if (!(await this.artifacts.commit(artifact.id))) throw new ArtifactVanished();
  }

  /**
   * Opens an object or part of it in the storage that holds it. Throws FileNotFound, ObjectStoreUnavailable,
   * ObjectStoreRejected (`range`), StorageNotConfigured, and ArtifactDamaged when the database knows the object
   * and the store does not.
   */
  open(key: ArtifactKey, range?: ObjectRange): Promise<OpenArtifact> {
    return this.reading(key, async ({ store, settings }) => {
      const body = await store.get(key.path, range);
      return Object.assign(body, { isRemote: settings.type !== 'local' });
    });
  }

  /** Size and time of an object; fails like `open`. */
  stat(key: ArtifactKey): Promise<StoredObject> {
    return this.reading(key, ({ store }) => store.stat(key.path));
  }

  /** The ids of the committed artifacts of this key: one for each storage that holds it. */
  findIds(key: ArtifactKey): Promise<string[]> {
    return this.artifacts.findCommittedIds(key.path);
  }

  /** The marker was left in the transaction that removed the former row, so whoever staged after it sees it. */
  private async awaitDeletion(storage: string, key: ArtifactKey): Promise<void> {
    const giveUpAt = performance.now() + DELETION_WAIT_MS;
    while (await this.artifacts.isBeingDeleted(storage, key.path)) {
      if (performance.now() > giveUpAt)
        throw new ObjectStoreUnavailable('stage: former bytes are being removed');
      await pause(DELETION_POLL_MS);
    }
  }

  private async reading<T>(key: ArtifactKey, read: (holder: NamedStore) => Promise<T>): Promise<T> {
    Transactions.assertNone('Object storage');
    try {
      return await this.locations.read(key.path, async (holder) => {
        // Bytes that are known to be wrong are none: another storage may have the right ones.
        if (await this.damaged.has(holder.name, key.path)) throw new ObjectNotFound();
        return read(holder);
      });
    } catch (error) {
      if (!(error instanceof ObjectNotFound)) throw error;
      if ((await this.findIds(key)).length === 0) throw new FileNotFound();
      throw new ArtifactDamaged({ cause: error });
    }
  }
}

async function put(
  { store }: NamedStore,
  key: ArtifactKey,
  source: ObjectSource,
  content: PutOptions['content'],
): Promise<void> {
  const options = { ...(content !== undefined && { content }) };
  try {
    if (Buffer.isBuffer(source)) await store.put(key.path, source, { ...options, digest: key.digest });
    else await store.put(key.path, { ...source, digest: key.digest }, options);
  } catch (error) {
    if (error instanceof ObjectStoreRejected && error.reason === 'exists')
      throw new ArtifactDamaged({ cause: error });
    throw error;
  }
}
