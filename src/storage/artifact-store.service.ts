import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { StorageConfig } from '../config/storage.config.js';
import { Clock } from '../kernel/clock.js';
import { SignedLink } from '../platform/crypto/signed-link.js';
import { Transactions } from '../platform/database/transactions.js';
import { failpoint } from '../platform/failpoints/failpoint.js';
import type { ArtifactKey } from './artifact-key.js';
import {
  ObjectStore,
  type ObjectBody,
  type ObjectRange,
  type ObjectSource,
  type StoredObject,
} from './object-store.js';
import { ObjectNotFound, ObjectStoreRejected, ObjectStoreUnavailable } from './object-store.errors.js';
import { ArtifactsRepository } from './persistence/artifacts.repository.js';
import { ArtifactDamaged, ArtifactVanished, FileNotFound } from './storage.errors.js';

const DELETION_WAIT_MS = 15_000;
const DELETION_POLL_MS = 50;

/** Bytes that are in the store, with a row that is not committed yet. */
export interface StagedArtifact {
  readonly id: string;
  readonly key: ArtifactKey;
  /** In bytes. */
  readonly size: number;
}

/** A URL of this server that opens one object, and when it stops working. */
export interface DownloadUrl {
  /** `/v1/files/<key>?expires=…&signature=…` */
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/**
 * The storage as features see it: stage bytes outside a transaction, commit them in the one that makes them
 * visible, hand out links, open. The life of an artifact is described in the architecture, section 6.
 */
@Injectable()
export class ArtifactStore {
  private readonly storage: string;

  constructor(
    private readonly artifacts: ArtifactsRepository,
    private readonly objects: ObjectStore,
    private readonly links: SignedLink,
    private readonly config: StorageConfig,
    private readonly clock: Clock,
  ) {
    this.storage = config.defaultBackend;
  }

  /**
   * Makes sure that the bytes of `key` are stored: first the row, then the bytes, which are those of the digest
   * in `key` (a file was hashed by the caller; a Buffer is hashed here). An object that exists is success. Waits
   * while the sweep removes former bytes of the key. Throws ObjectStoreUnavailable, and ArtifactDamaged when an
   * object of another size has this key. Not inside a transaction.
   */
  async stage(key: ArtifactKey, source: ObjectSource): Promise<StagedArtifact> {
    Transactions.assertNone('Object storage');
    const size = Buffer.isBuffer(source) ? source.length : source.size;
    await failpoint('before-stage-row');
    const row = await this.artifacts.stage(this.storage, key, size);
    await failpoint('after-stage-row');
    if (row.sizeBytes !== size) throw new ArtifactDamaged();
    await this.awaitDeletion(key);
    await this.put(key, source);
    await failpoint('after-blob-put');
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
   * A signed URL of this server for the object `keyPath`, for `ttlMs` (`storage.url_ttl` unless given). Asks
   * neither the store nor the database.
   */
  downloadUrl(keyPath: string, ttlMs: number = this.config.urlTtlMs): DownloadUrl {
    const expiresAtSeconds = Math.ceil((this.clock.now().getTime() + ttlMs) / 1000);
    const path = keyPath.split('/').map(encodeURIComponent).join('/');
    const query = this.links.sign(keyPath, expiresAtSeconds);
    return { path: `/v1/files/${path}?${query}`, expiresAtMs: expiresAtSeconds * 1000 };
  }

  /**
   * Opens an object or part of it. Throws FileNotFound, ObjectStoreUnavailable, ObjectStoreRejected (`range`),
   * and ArtifactDamaged when the database knows the object and the store does not.
   */
  open(key: ArtifactKey, range?: ObjectRange): Promise<ObjectBody> {
    return this.reading(key, () => this.objects.get(key.path, range));
  }

  /** Size and time of an object; fails like `open`. */
  stat(key: ArtifactKey): Promise<StoredObject> {
    return this.reading(key, () => this.objects.stat(key.path));
  }

  /** The id of the committed artifact of this key, when there is one. */
  async findId(key: ArtifactKey): Promise<string | undefined> {
    const artifact = await this.artifacts.findByKey(this.storage, key.path);
    return artifact?.state === 'committed' ? artifact.id : undefined;
  }

  private async put(key: ArtifactKey, source: ObjectSource): Promise<void> {
    try {
      await this.objects.put(key.path, source, Buffer.isBuffer(source) ? { digest: key.digest } : {});
    } catch (error) {
      if (error instanceof ObjectStoreRejected && error.reason === 'exists')
        throw new ArtifactDamaged({ cause: error });
      throw error;
    }
  }

  /** The marker was left in the transaction that removed the former row, so whoever staged after it sees it. */
  private async awaitDeletion(key: ArtifactKey): Promise<void> {
    const giveUpAt = performance.now() + DELETION_WAIT_MS;
    while (await this.artifacts.isBeingDeleted(this.storage, key.path)) {
      if (performance.now() > giveUpAt)
        throw new ObjectStoreUnavailable('stage: former bytes are being removed');
      await pause(DELETION_POLL_MS);
    }
  }

  private async reading<T>(key: ArtifactKey, read: () => Promise<T>): Promise<T> {
    Transactions.assertNone('Object storage');
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ObjectNotFound)) throw error;
      if ((await this.findId(key)) === undefined) throw new FileNotFound();
      throw new ArtifactDamaged({ cause: error });
    }
  }
}
