import { LocalObjectStore } from '../../../src/storage/adapters/local/local-object-store.js';
import type { KnownStorage, KnownStorages } from '../../../src/storage/domain/known-storage.js';
import type { ObjectStore } from '../../../src/storage/object-store.js';
import type { ObjectStoreFactory } from '../../../src/storage/object-store-factory.js';
import type { StorageSettings } from '../../../src/storage/storage-settings.service.js';

/** The storages of a test: `local`, which is active, and what the test adds. */
export class KnownTestStorages {
  private readonly made = new Map<string, ObjectStore>();
  private versions = 0;
  private readonly known: { active: KnownStorage; all: KnownStorage[] };

  constructor(localDirectory: string) {
    const active = this.add('local', new LocalObjectStore(localDirectory), localDirectory);
    this.known = { active, all: [active] };
  }

  /** Makes a storage known. */
  put(name: string, store: ObjectStore): void {
    this.remove(name);
    // Other settings mean another store: the former one is forgotten.
    this.known.all.push(this.add(name, store, `/${name}/${(this.versions += 1)}`));
  }

  /** Nobody knows the storage any more. */
  remove(name: string): void {
    this.known.all = this.known.all.filter((storage) => storage.name !== name);
  }

  /** New objects go to this storage. */
  activate(name: string): void {
    this.known.active = this.known.all.find((storage) => storage.name === name)!;
  }

  /** What the services ask for storages. */
  get settings(): StorageSettings {
    const current = (): Promise<KnownStorages> => Promise.resolve(this.known);
    const find = (name: string) => Promise.resolve(this.known.all.find((storage) => storage.name === name));
    return { current, known: current, find } as unknown as StorageSettings;
  }

  /** What gives them the stores. */
  get factory(): ObjectStoreFactory {
    const createFor = ({ name }: KnownStorage) => Promise.resolve(this.made.get(name)!);
    return { createFor } as unknown as ObjectStoreFactory;
  }

  private add(name: string, store: ObjectStore, basePath: string): KnownStorage {
    this.made.set(name, store);
    return { name, settings: { type: 'local', basePath, serveDirectly: true } };
  }
}
