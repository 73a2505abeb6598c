import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { BackendSettings } from './domain/backend-settings.js';
import type { KnownStorage } from './domain/known-storage.js';
import type { ObjectStore } from './object-store.js';
import { ObjectStoreFactory } from './object-store-factory.js';
import { StorageNotConfigured } from './storage.errors.js';
import { StorageSettings } from './storage-settings.service.js';

/** A storage with the store that reaches it. */
export interface NamedStore extends KnownStorage {
  readonly store: ObjectStore;
}

interface Held {
  readonly description: string;
  readonly store: Promise<ObjectStore>;
}

/**
 * The stores of all known storages, each made when it is first needed and made again when its settings change.
 * Stores live until the process ends: somebody may still read from one that was replaced.
 */
@Injectable()
export class ObjectStores implements OnApplicationShutdown {
  private readonly logger = new Logger('Storage');
  private readonly held = new Map<string, Held>();
  private readonly made: Promise<ObjectStore>[] = [];

  constructor(
    private readonly settings: StorageSettings,
    private readonly factory: ObjectStoreFactory,
  ) {}

  /** The storage that takes new objects. Throws `ObjectStoreRejected` for settings that cannot work. */
  async active(): Promise<NamedStore> {
    return this.named((await this.settings.current()).active);
  }

  /** The storage of this name, as artifact rows have it. Throws {@link StorageNotConfigured}. */
  async of(name: string): Promise<NamedStore> {
    const known = await this.settings.find(name);
    if (known === undefined) throw new StorageNotConfigured(name);
    return this.named(known);
  }

  /** Every known storage, whether objects are in it or not. One whose store cannot be made is left out. */
  async all(): Promise<NamedStore[]> {
    const stores: NamedStore[] = [];
    for (const known of (await this.settings.current()).all) {
      try {
        stores.push(await this.named(known));
      } catch (error) {
        this.logger.error({ message: `The storage ${known.name} cannot be used`, err: error });
      }
    }
    return stores;
  }

  async onApplicationShutdown(): Promise<void> {
    const stores = await Promise.allSettled(this.made);
    await Promise.allSettled(
      stores.map((made) => (made.status === 'fulfilled' ? made.value.close() : undefined)),
    );
  }

  private async named({ name, settings }: KnownStorage): Promise<NamedStore> {
    return { name, settings, store: await this.storeOf(name, settings) };
  }

  private storeOf(name: string, settings: BackendSettings): Promise<ObjectStore> {
    const description = JSON.stringify(settings);
    const held = this.held.get(name);
    if (held?.description === description) return held.store;
    const store = this.factory.createFor({ name, settings });
    this.held.set(name, { description, store });
    this.made.push(store);
    // What could not be made may be possible with the next call, for instance when a file is readable again.
    store.catch(() => this.held.delete(name));
    return store;
  }
}
