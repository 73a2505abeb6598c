import { Injectable, Logger } from '@nestjs/common';
import { StorageConfig } from '../config/storage.config.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { MemoryCache } from '../platform/cache/memory-cache.js';
import { SecretBox } from '../platform/crypto/secret-box.js';
import type { KnownStorage, KnownStorages } from './domain/known-storage.js';
import { FileBackends } from './file-backends.js';
import { StorageConfigurationsRepository } from './persistence/storage-configurations.repository.js';
import { openSettings } from './stored-configuration.js';

/** How long a change may stay unseen when the news of it is lost. */
const LIFE_MS = 1_000;

/**
 * Which storages there are and which one takes new objects: a stored active configuration wins over file and
 * environment, unless `storage.config_source` is `file`. A change is seen by every process within a second.
 */
@Injectable()
export class StorageSettings {
  private readonly logger = new Logger('Storage');
  private readonly held = new MemoryCache<KnownStorages>({ lifeMs: LIFE_MS, maxEntries: 1 });
  private last: KnownStorages | undefined;
  private lastReadAtMs = Number.NEGATIVE_INFINITY;
  /** How often there was news: what was read before it is out of date. */
  private news = 0;

  constructor(
    private readonly configurations: StorageConfigurationsRepository,
    private readonly files: FileBackends,
    private readonly config: StorageConfig,
    private readonly box: SecretBox,
    changes: CacheInvalidation,
  ) {
    changes.onChange('settings', () => {
      this.held.clear();
      this.news += 1;
      this.lastReadAtMs = Number.NEGATIVE_INFINITY;
    });
  }

  /** All storages and the active one, as they were a second ago at most. Without a database, as they were last. */
  async current(): Promise<KnownStorages> {
    const { news } = this;
    try {
      const { value, readAtMs } = await this.held.get('known', () => this.read());
      if (news !== this.news) return value;
      this.lastReadAtMs = readAtMs;
      return (this.last = value);
    } catch (error) {
      if (this.last === undefined) throw error;
      return this.last;
    }
  }

  /**
   * The same for those who only read objects: without waiting for the database, unless a change was announced. What
   * is out of date costs them another look, since an object that is not found is looked for again.
   */
  async known(): Promise<KnownStorages> {
    if (this.last === undefined || this.lastReadAtMs === Number.NEGATIVE_INFINITY) return this.current();
    if (performance.now() - this.lastReadAtMs > LIFE_MS) void this.current();
    return this.last;
  }

  /** The storage of this name, if there is one. */
  async find(name: string): Promise<KnownStorage | undefined> {
    const named = (storage: KnownStorage): boolean => storage.name === name;
    return (await this.known()).all.find(named) ?? (await this.current()).all.find(named);
  }

  /** With `storage.config_source = file` stored configurations take nothing new; what is there stays readable. */
  private async read(): Promise<KnownStorages> {
    const mayBeActive = this.config.configSource !== 'file';
    const stored = (await this.configurations.list()).flatMap((row) => {
      const isActive = row.isActive && mayBeActive;
      try {
        return [{ name: row.id, settings: openSettings(row, this.box), isActive }];
      } catch (error) {
        this.logger.error({ message: `The secrets of storage ${row.id} cannot be opened`, err: error });
        if (isActive) throw error;
        return [];
      }
    });
    const active = stored.find(({ isActive }) => isActive) ?? this.files.default;
    return { active, all: [...stored, ...this.files.list()] };
  }
}
