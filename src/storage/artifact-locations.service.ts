import { Injectable } from '@nestjs/common';
import { type NamedStore, ObjectStores } from './object-stores.service.js';
import { ObjectNotFound, ObjectStoreUnavailable } from './object-store.errors.js';
import type { KnownStorages } from './domain/known-storage.js';
import { ArtifactsRepository } from './persistence/artifacts.repository.js';
import { StorageNotConfigured } from './storage.errors.js';
import { StorageSettings } from './storage-settings.service.js';

const MAX_REMEMBERED = 50_000;

/**
 * How long it is believed for links: a link to the storage itself is not looked up again when it is used, and an
 * object that was moved stays in its old place only for the grace of the sweep.
 */
const FRESH_MS = 60_000;

/** What a storage says that was emptied: it has no such object, was taken away, or is not known any more. */
const MAY_HAVE_MOVED = [ObjectNotFound, ObjectStoreUnavailable, StorageNotConfigured];

interface Sighting {
  readonly storage: string;
  readonly atMs: number;
}

/**
 * In which storage an object is. With one storage nobody is asked; with several the database is, once per object,
 * and what it said is remembered until the object is not there any more.
 */
@Injectable()
export class ArtifactLocations {
  private readonly remembered = new Map<string, Sighting>();

  constructor(
    private readonly artifacts: ArtifactsRepository,
    private readonly settings: StorageSettings,
    private readonly stores: ObjectStores,
  ) {}

  /** The name of the storage that holds the committed object `path`; undefined when no row says so. */
  async find(path: string): Promise<string | undefined> {
    return this.locate(path, await this.settings.current(), FRESH_MS);
  }

  /** `path` was seen in `storage`. */
  remember(path: string, storage: string): void {
    this.remembered.delete(path);
    if (this.remembered.size >= MAX_REMEMBERED) this.remembered.delete(this.remembered.keys().next().value!);
    this.remembered.set(path, { storage, atMs: performance.now() });
  }

  /**
   * Reads from the storage that holds the object; when it was moved meanwhile, from the one that holds it now.
   * Throws what `read` throws, and `ObjectNotFound` when no storage is known to have it.
   */
  async read<T>(path: string, read: (holder: NamedStore) => Promise<T>): Promise<T> {
    const first = await this.locate(path, await this.settings.known(), Number.POSITIVE_INFINITY);
    if (first === undefined) throw new ObjectNotFound();
    try {
      return await read(await this.stores.of(first));
    } catch (error) {
      if (!MAY_HAVE_MOVED.some((kind) => error instanceof kind)) throw error;
      const [storage] = (await this.lookUp(path)).filter((name) => name !== first);
      if (storage === undefined) throw error;
      this.remember(path, storage);
      return read(await this.stores.of(storage));
    }
  }

  /** Nothing while the database cannot be asked: then what the storage said is all that is known. */
  private lookUp(path: string): Promise<string[]> {
    return this.artifacts.storagesOf(path).catch(() => []);
  }

  private async locate(
    path: string,
    { active, all }: KnownStorages,
    freshMs: number,
  ): Promise<string | undefined> {
    if (all.length === 1) return active.name;
    const known = this.remembered.get(path);
    if (known !== undefined && performance.now() - known.atMs < freshMs) return known.storage;
    const [storage] = await (known === undefined ? this.artifacts.storagesOf(path) : this.lookUp(path));
    if (storage !== undefined) this.remember(path, storage);
    return storage ?? known?.storage;
  }
}
