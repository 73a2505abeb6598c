import { Injectable } from '@nestjs/common';
import { StorageConfig } from '../config/storage.config.js';
import { DomainError } from '../kernel/errors.js';
import type { BackendEntry } from './backend-fields.js';
import { BackendInput } from './backend-input.service.js';
import { placeOf } from './domain/storage-place.js';
import {
  type StorageConfiguration,
  StorageConfigurationStore,
} from './storage-configuration-store.service.js';
import {
  ActiveBackendTypeFixed,
  NoActiveStorageConfiguration,
  StorageHoldsObjects,
  StorageTestFailed,
  StoredConfigurationsRefused,
} from './storage-configurations.errors.js';
import { StorageProbe } from './storage-probe.service.js';

/**
 * What platform administrators do with storage configurations (REST contract 25). Every change is tested before it
 * is stored, and throws `InvalidInput` or `StorageUnusable` with what to change; with `storage.config_source = file`
 * every change is {@link StoredConfigurationsRefused}.
 */
@Injectable()
export class StorageConfigurations {
  constructor(
    private readonly store: StorageConfigurationStore,
    private readonly input: BackendInput,
    private readonly probe: StorageProbe,
    private readonly config: StorageConfig,
  ) {}

  /** The one that takes new objects. Throws {@link NoActiveStorageConfiguration} when that is none of these. */
  async active(): Promise<StorageConfiguration> {
    const active = (await this.list()).find(({ isActive }) => isActive);
    if (active === undefined) throw new NoActiveStorageConfiguration();
    return active;
  }

  /** All of them: the active one first, then the newest. */
  async list(): Promise<StorageConfiguration[]> {
    return (await this.store.list()).map((one) => this.inEffect(one));
  }

  /** Throws `StorageConfigurationNotFound`. */
  async find(id: string): Promise<StorageConfiguration> {
    return this.inEffect(await this.store.find(id));
  }

  /** Tests and stores a configuration; an active one takes new objects from now on. Throws `StoragePlaceTaken`. */
  async add(
    entry: BackendEntry,
    { isActive, createdBy }: { isActive: boolean; createdBy: string | null },
  ): Promise<StorageConfiguration> {
    this.assertWritable();
    const settings = await this.input.parse(entry);
    await this.probe.probe(settings, { apartFrom: null });
    return this.store.add(settings, { isActive, createdBy });
  }

  /**
   * Changes a configuration; what `entry` leaves out stays. A configuration with objects moves only to a place
   * where they are. Throws `StorageConfigurationNotFound`, `ActiveBackendTypeFixed`, `StorageHoldsObjects`,
   * `StoragePlaceTaken`, `StorageConfigurationChanged`.
   */
  async change(id: string, entry: BackendEntry): Promise<StorageConfiguration> {
    this.assertWritable();
    const before = await this.store.find(id);
    if (before.isActive && entry.backend_type !== before.settings.type) throw new ActiveBackendTypeFixed();
    const settings = await this.input.parse(this.input.merged(before.settings, entry));
    const isMoved = placeOf(settings) !== placeOf(before.settings);
    const objects = isMoved ? await this.store.objectsOf(id) : { count: 0, some: [] };
    const missing = await this.probe.probe(settings, { apartFrom: id, holding: objects.some });
    if (missing.length > 0) throw StorageHoldsObjects.moved(objects.count);
    return this.store.replace(before, settings);
  }

  /** Tests a configuration and makes it the active one. Throws `StorageConfigurationNotFound`. */
  async activate(id: string): Promise<StorageConfiguration> {
    this.assertWritable();
    const { settings } = await this.store.find(id);
    await this.probe.probe(settings, { apartFrom: id });
    return this.store.activate(id);
  }

  /** Throws `StorageConfigurationNotFound`, `ActiveStorageConfiguration`, `StorageHoldsObjects`. */
  async remove(id: string): Promise<void> {
    this.assertWritable();
    await this.store.remove(id);
  }

  /** Tests what is not stored. Throws {@link StorageTestFailed}. */
  async test(entry: BackendEntry): Promise<void> {
    try {
      await this.probe.probe(await this.input.parse(entry));
    } catch (error) {
      throw error instanceof DomainError ? new StorageTestFailed(error) : error;
    }
  }

  private assertWritable(): void {
    if (this.config.configSource === 'file') throw new StoredConfigurationsRefused();
  }

  private inEffect(one: StorageConfiguration): StorageConfiguration {
    return { ...one, isActive: one.isActive && this.config.configSource !== 'file' };
  }
}
