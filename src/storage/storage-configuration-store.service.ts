import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.service.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { SecretUnreadable } from '../platform/crypto/crypto.errors.js';
import { SealedColumns } from '../platform/crypto/sealed-columns.service.js';
import { SecretBox } from '../platform/crypto/secret-box.js';
import { Transactions } from '../platform/database/transactions.js';
import { fieldsOf, shownFields, withSecretsApart } from './backend-fields.js';
import type { BackendSettings } from './domain/backend-settings.js';
import { placeOf } from './domain/storage-place.js';
import type { StorageConfigurationEntity } from './persistence/storage-configuration.entity.js';
import { StorageConfigurationsRepository } from './persistence/storage-configurations.repository.js';
import {
  ActiveBackendTypeFixed,
  ActiveStorageConfiguration,
  StorageConfigurationChanged,
  StorageConfigurationNotFound,
  StorageHoldsObjects,
  StoragePlaceTaken,
} from './storage-configurations.errors.js';
import { openSettings, sealSecrets, STORAGE_SECRETS } from './stored-configuration.js';

/** A stored configuration with its secrets; show it only through `shownFields`. */
export interface StorageConfiguration {
  readonly id: string;
  readonly isActive: boolean;
  readonly settings: BackendSettings;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/**
 * Storage configurations in the database, their secrets sealed for the row (threat J1). Changes wait for each other,
 * are recorded in their transaction, and are seen by every process at once.
 */
@Injectable()
export class StorageConfigurationStore implements OnModuleInit {
  constructor(
    private readonly rows: StorageConfigurationsRepository,
    private readonly box: SecretBox,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
    private readonly changes: CacheInvalidation,
    private readonly sealed: SealedColumns,
  ) {}

  onModuleInit(): void {
    this.sealed.register(STORAGE_SECRETS);
  }

  /** All of them: the active one first, then the newest. */
  async list(): Promise<StorageConfiguration[]> {
    return (await this.rows.list()).map((row) => this.opened(row));
  }

  /** Throws {@link StorageConfigurationNotFound}. */
  async find(id: string): Promise<StorageConfiguration> {
    const row = await this.rows.find(id);
    if (row === null) throw new StorageConfigurationNotFound();
    return this.opened(row);
  }

  /** How many objects are kept with a configuration, and paths of some of them. */
  async objectsOf(id: string): Promise<{ count: number; some: string[] }> {
    return { count: await this.rows.countObjects(id), some: await this.rows.someObjects(id, 20) };
  }

  /** Stores a configuration, as the active one if `isActive`. Throws {@link StoragePlaceTaken}. */
  add(
    settings: BackendSettings,
    { isActive, createdBy }: { isActive: boolean; createdBy: string | null },
  ): Promise<StorageConfiguration> {
    const id = randomUUID();
    return this.changing(async () => {
      await this.assertPlaceIsFree(settings);
      await this.rows.add({ id, createdBy, ...this.sealedRow(id, settings) });
      if (isActive) await this.rows.activate(id);
      const after = await this.find(id);
      await this.record(id, { after: shown(after) });
      return after;
    });
  }

  /**
   * Gives a configuration other settings. `before` is what the change was made of. Throws
   * {@link StorageConfigurationNotFound}, {@link StorageConfigurationChanged}, {@link ActiveBackendTypeFixed},
   * {@link StoragePlaceTaken}.
   */
  replace(before: StorageConfiguration, settings: BackendSettings): Promise<StorageConfiguration> {
    const { id } = before;
    return this.changing(async () => {
      const present = await this.find(id);
      if (present.updatedAt.getTime() !== before.updatedAt.getTime()) throw new StorageConfigurationChanged();
      if (present.isActive && settings.type !== present.settings.type) throw new ActiveBackendTypeFixed();
      await this.assertPlaceIsFree(settings, id);
      await this.rows.replace(id, this.sealedRow(id, settings));
      const after = await this.find(id);
      const replaced = replacedSecrets(present.settings, settings);
      await this.record(id, { before: shown(present), after: shown(after), metadata: { replaced } });
      return after;
    });
  }

  /** Makes a configuration the active one; without effect when it is. Throws {@link StorageConfigurationNotFound}. */
  activate(id: string): Promise<StorageConfiguration> {
    return this.changing(async () => {
      const before = await this.find(id);
      if (before.isActive) {
        this.audit.nothingChanged();
        return before;
      }
      await this.rows.activate(id);
      const after = await this.find(id);
      await this.record(id, { before: shown(before), after: shown(after) });
      return after;
    });
  }

  /** Lets file and environment say where new objects are kept. */
  deactivate(): Promise<void> {
    return this.changing(async () => {
      const before = (await this.list()).find(({ isActive }) => isActive);
      if (before === undefined) return;
      await this.rows.deactivate();
      await this.record(before.id, { before: shown(before), after: shown({ ...before, isActive: false }) });
    });
  }

  /**
   * Removes a configuration that nothing is kept with. Throws {@link StorageConfigurationNotFound},
   * {@link ActiveStorageConfiguration}, {@link StorageHoldsObjects}.
   */
  remove(id: string): Promise<void> {
    return this.changing(async () => {
      const before = await this.find(id);
      if (before.isActive) throw new ActiveStorageConfiguration();
      await this.rows.lockOne(id);
      const objects = await this.rows.countObjects(id);
      if (objects > 0) throw StorageHoldsObjects.deleted(objects);
      await this.rows.remove(id);
      await this.record(id, { before: shown(before) });
    });
  }

  private changing<T>(change: () => Promise<T>): Promise<T> {
    return this.transactions.run(async () => {
      await this.rows.lock();
      const result = await change();
      this.changes.announce('settings');
      return result;
    });
  }

  /** Of the same place, only what was asked for at the same moment gets past the test of the storage. */
  private async assertPlaceIsFree(settings: BackendSettings, own?: string): Promise<void> {
    const place = placeOf(settings);
    const taken = (await this.list()).find((other) => other.id !== own && placeOf(other.settings) === place);
    if (taken) throw new StoragePlaceTaken(taken.id);
  }

  private record(
    resourceId: string,
    facts: { before?: object; after?: object; metadata?: object },
  ): Promise<void> {
    return this.audit.record({
      resource: 'storage',
      resourceId,
      organizationId: null,
      ...(facts as Record<string, Record<string, unknown>>),
    });
  }

  private sealedRow(id: string, settings: BackendSettings) {
    const { rest, secrets } = withSecretsApart(settings);
    return { backendType: settings.type, settings: rest, secretsBox: sealSecrets(id, secrets, this.box) };
  }

  /** Without its secrets when they were sealed under a key that is gone: they can still be entered again. */
  private opened(row: StorageConfigurationEntity): StorageConfiguration {
    const { id, isActive, createdAt, updatedAt } = row;
    const facts = { id, isActive, createdAt, updatedAt };
    try {
      return { ...facts, settings: openSettings(row, this.box) };
    } catch (error) {
      if (!(error instanceof SecretUnreadable)) throw error;
      return { ...facts, settings: openSettings({ ...row, secretsBox: null }, this.box) };
    }
  }
}

function shown({ isActive, settings }: StorageConfiguration): Record<string, unknown> {
  return { backend_type: settings.type, is_active: isActive, ...shownFields(settings) };
}

/** Names of the secrets that differ: nothing else shows it. */
function replacedSecrets(before: BackendSettings, after: BackendSettings): string[] {
  const [old, next] = [withSecretsApart(before).secrets, withSecretsApart(after).secrets];
  const secrets = fieldsOf(after.type).filter(({ isSecret }) => isSecret);
  return secrets.filter(({ property }) => old[property] !== next[property]).map(({ name }) => name);
}
