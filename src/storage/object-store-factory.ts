import type { StorageConfig } from '../config/storage.config.js';
import { LocalObjectStore } from './adapters/local/local-object-store.js';
import type { ObjectStore } from './object-store.js';

/** The store that the settings describe: the only list of backends. */
export function createObjectStore(config: StorageConfig): ObjectStore {
  switch (config.defaultBackend) {
    case 'local':
      return new LocalObjectStore(config.localBasePath);
  }
}
