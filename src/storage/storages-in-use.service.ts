import { Injectable } from '@nestjs/common';
import { StorageNamesRepository } from './persistence/storage-names.repository.js';
import { StorageSettings } from './storage-settings.service.js';

/** The storages that have to be looked after: those that rows speak of, and the one that takes new objects. */
@Injectable()
export class StoragesInUse {
  constructor(
    private readonly rows: StorageNamesRepository,
    private readonly settings: StorageSettings,
  ) {}

  /** Their names in a fixed order. `ObjectStores.of` may not know all of them any more. */
  async names(): Promise<string[]> {
    const { active } = await this.settings.current();
    return [...new Set([active.name, ...(await this.rows.list())])].sort();
  }
}
