import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { Injectable, Logger } from '@nestjs/common';
import { StorageConfig } from '../config/storage.config.js';
import { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import { MemoryCache } from '../platform/cache/memory-cache.js';
import { Transactions } from '../platform/database/transactions.js';
import { within } from './deadline.js';
import type { BackendSettings } from './domain/backend-settings.js';
import type { KnownStorage } from './domain/known-storage.js';
import { diagnose } from './domain/probe-diagnosis.js';
import { ObjectStoreFactory } from './object-store-factory.js';
import type { ObjectStore } from './object-store.js';
import { ObjectNotFound, ObjectStoreRejected } from './object-store.errors.js';
import { ObjectStores } from './object-stores.service.js';
import { PROBES_ROOT } from './probe-objects.js';
import { StoragePlaceTaken, StorageUnusable } from './storage-configurations.errors.js';

/** Parts of the time: for the work, for cleaning up after it failed, and for asking each other storage. */
const [WORK, CLEANUP, OTHERS] = [0.8, 0.2, 0.2];

/** What is to be known about a storage besides whether it works. */
export interface ProbeQuestions {
  /** The name that it has already; no other storage may be at the same place. */
  readonly apartFrom?: string | null;
  /** Objects that it must hold. */
  readonly holding?: readonly string[];
}

/** Whether a storage works: writes, reads, lists and deletes an object that is not part of the registry. */
@Injectable()
export class StorageProbe {
  private readonly logger = new Logger('Storage');
  /** Anybody may ask for the status of the setup: not everybody makes the backend work. */
  private readonly answers = new MemoryCache<boolean>({ lifeMs: 2_000, maxEntries: 1 });

  constructor(
    private readonly factory: ObjectStoreFactory,
    private readonly stores: ObjectStores,
    private readonly config: StorageConfig,
    changes: CacheInvalidation,
  ) {
    changes.onChange('settings', () => this.answers.clear());
  }

  /**
   * Uses the storage that the settings describe, for `storage.probe_timeout` at most, and leaves nothing there.
   * Answers which of `holding` it does not have. Throws {@link StorageUnusable} with what to change, and
   * {@link StoragePlaceTaken}; the log says more. Not inside a transaction.
   */
  async probe(settings: BackendSettings, questions: ProbeQuestions = {}): Promise<string[]> {
    let store: ObjectStore | undefined;
    try {
      store = await this.factory.create(settings);
      return await this.use(store, settings, questions);
    } catch (error) {
      throw this.explained(error, settings);
    } finally {
      await store?.close();
    }
  }

  /** The same for a storage that is known already, by its name. Throws {@link StorageUnusable}. */
  async probeKnown({ name, settings }: KnownStorage, questions: ProbeQuestions = {}): Promise<void> {
    try {
      const { store } = await this.stores.of(name);
      await this.use(store, settings, questions);
    } catch (error) {
      throw this.explained(error, settings);
    }
  }

  /** Whether the active storage works; why not goes to the log. The answer may be some seconds old. */
  async works(): Promise<boolean> {
    const { value } = await this.answers.get('works', async () => {
      try {
        const { store, settings } = await this.stores.active();
        await this.use(store, settings, {});
        return true;
      } catch (error) {
        this.logger.warn({ message: 'The storage backend does not work', err: error });
        return false;
      }
    });
    return value;
  }

  private explained(error: unknown, { type }: BackendSettings): unknown {
    if (error instanceof StoragePlaceTaken) return error;
    this.logger.warn({ message: `A ${type} storage did not pass its test`, err: error });
    const reason = error instanceof ObjectStoreRejected ? error.reason : undefined;
    const { sentence, field } = diagnose(type, error, reason);
    return new StorageUnusable(sentence, field, { cause: error });
  }

  /** What was written is removed, whatever happens. */
  private async use(
    store: ObjectStore,
    settings: BackendSettings,
    { apartFrom, holding = [] }: ProbeQuestions,
  ): Promise<string[]> {
    Transactions.assertNone('Object storage');
    const path = `${PROBES_ROOT}${randomUUID()}`;
    const limitMs = this.config.probeTimeoutMs;
    const giveUp = new AbortController();
    let mayBeThere = false;
    const work = async (): Promise<string[]> => {
      const bytes = Buffer.from(path);
      mayBeThere = true;
      await store.put(path, bytes, { signal: giveUp.signal }).catch((error: unknown) => {
        mayBeThere = !(error instanceof ObjectStoreRejected);
        throw error;
      });
      if (!(await read(store, path)).equals(bytes)) throw new Error('The storage gave back other bytes');
      for await (const _object of store.list(PROBES_ROOT)) break;
      if (apartFrom !== undefined) await this.assertAlone(path, settings, apartFrom);
      const missing = await missingIn(store, holding);
      await store.delete(path);
      mayBeThere = false;
      return missing;
    };
    try {
      return await within(limitMs * WORK, work());
    } finally {
      giveUp.abort();
      if (mayBeThere) await this.remove(store, path, limitMs * CLEANUP);
    }
  }

  /** What was just written must not be visible through any other known storage. */
  private async assertAlone(path: string, { type }: BackendSettings, own: string | null): Promise<void> {
    const others = (await this.stores.all()).filter(
      ({ name, settings }) => name !== own && settings.type === type,
    );
    const limitMs = this.config.probeTimeoutMs * OTHERS;
    await Promise.all(
      others.map(async ({ name, store }) => {
        // One that cannot be asked now, perhaps the reason for a new one, must not stand in its way.
        const found = await within(limitMs, store.stat(path)).catch(() => undefined);
        if (found !== undefined) throw new StoragePlaceTaken(name);
      }),
    );
  }

  private async remove(store: ObjectStore, path: string, limitMs: number): Promise<void> {
    try {
      await within(limitMs, store.delete(path));
    } catch (error) {
      this.logger.warn({ message: `The test object ${path} may have stayed behind`, err: error });
    }
  }
}

async function read(store: ObjectStore, path: string): Promise<Buffer> {
  const { stream } = await store.get(path);
  return buffer(stream);
}

async function missingIn(store: ObjectStore, paths: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const path of paths) {
    try {
      await store.stat(path);
    } catch (error) {
      if (!(error instanceof ObjectNotFound)) throw error;
      missing.push(path);
    }
  }
  return missing;
}
