import { Injectable } from '@nestjs/common';
import { StorageConfig } from '../config/storage.config.js';
import { settingsOf } from './backend-description.js';
import { BACKEND_TYPES, type BackendSettings, type BackendType } from './domain/backend-settings.js';
import type { KnownStorage } from './domain/known-storage.js';

/** The backends that file and environment describe: each that is complete, whether it is the default or not. */
@Injectable()
export class FileBackends {
  constructor(private readonly config: StorageConfig) {}

  /** The one that takes new objects unless a stored configuration is active. */
  get default(): KnownStorage {
    const { defaultBackend } = this.config;
    return { name: defaultBackend, settings: this.described(defaultBackend)! };
  }

  /**
   * Every backend that is completely described; older objects may be in one that is not the default any more. The
   * local one always is, because its directory has a default.
   */
  list(): KnownStorage[] {
    return BACKEND_TYPES.flatMap((type) => {
      const settings = this.described(type);
      return settings ? [{ name: type, settings }] : [];
    });
  }

  private described(type: BackendType): BackendSettings | undefined {
    const { localBasePath, localServeDirectly } = this.config;
    if (type === 'local') return { type, basePath: localBasePath, serveDirectly: localServeDirectly };
    return settingsOf(this.config[type]);
  }
}
