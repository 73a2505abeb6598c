import { Injectable, Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { StorageConfig } from '../config/storage.config.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { MemoryCache } from '../platform/cache/memory-cache.js';
import { ObjectStore } from './object-store.js';

/** A storage configuration as the setup wizard sends it (REST contract, `StorageInput`), as far as it is used. */
export interface WantedStorage {
  readonly backendType: string;
  readonly localBasePath?: string | undefined;
}

/** Whether the storage backend works: writes, reads and deletes an object that is not part of the registry. */
@Injectable()
export class StorageProbe {
  private readonly logger = new Logger('Storage');
  /** Anybody may ask for the status of the setup: not everybody makes the backend work. */
  private readonly answers = new MemoryCache<boolean>({ lifeMs: 2_000, maxEntries: 1 });

  constructor(
    private readonly objects: ObjectStore,
    private readonly config: StorageConfig,
  ) {}

  /** Throws what the store throws, or an error when it gives back other bytes. */
  async probe(): Promise<void> {
    const path = `probe/${randomUUID()}`;
    const bytes = Buffer.from(path);
    await this.objects.put(path, bytes);
    try {
      const { stream } = await this.objects.get(path);
      if (!(await buffer(stream)).equals(bytes)) throw new Error('The storage gave back other bytes');
    } finally {
      await this.objects.delete(path);
    }
  }

  /** Whether the backend works; why not goes to the log. The answer may be some seconds old. */
  async works(): Promise<boolean> {
    const { value } = await this.answers.get('works', () =>
      this.probe().then(
        () => true,
        (error: unknown) => {
          this.logger.warn({ message: 'The storage backend does not work', err: error });
          return false;
        },
      ),
    );
    return value;
  }

  /** The backend that this server runs with. Throws `InvalidInput` when `wanted` is another one. */
  assertInUse({ backendType, localBasePath }: WantedStorage): { backendType: string; localBasePath: string } {
    if (backendType !== this.config.defaultBackend) {
      throw new InvalidInput(
        `This release stores on local disk. Send backend_type "${this.config.defaultBackend}".`,
        { fields: { backend_type: `must be ${this.config.defaultBackend}` } },
      );
    }
    if (localBasePath !== undefined && localBasePath !== '' && localBasePath !== this.config.localBasePath) {
      throw new InvalidInput(
        'The storage directory is set by TFR_STORAGE_LOCAL_BASE_PATH. Leave local_base_path out to use it.',
        { fields: { local_base_path: 'must be left out, or be the configured directory' } },
      );
    }
    return { backendType, localBasePath: this.config.localBasePath };
  }
}
