import { Injectable } from '@nestjs/common';
import type { BackendEntry } from '../storage/backend-fields.js';
import { StorageChoice } from '../storage/storage-choice.service.js';
import type { StorageConfiguration } from '../storage/storage-configuration-store.service.js';
import { StoragePlaceTaken, StorageUnusable } from '../storage/storage-configurations.errors.js';
import { SetupStateRepository } from './persistence/setup-state.repository.js';
import { SetupSteps } from './setup-steps.service.js';

/** The storage step of the setup (REST contract 11). */
@Injectable()
export class SetupStorage {
  constructor(
    private readonly choice: StorageChoice,
    private readonly states: SetupStateRepository,
    private readonly steps: SetupSteps,
  ) {}

  /** Whether a storage works; never throws for a failed test, `InvalidInput` for wrong input. */
  async test(entry: BackendEntry): Promise<{ success: boolean; message: string }> {
    try {
      await this.choice.test(entry);
      return { success: true, message: 'The storage can be written, read, listed and deleted from' };
    } catch (error) {
      if (!(error instanceof StorageUnusable || error instanceof StoragePlaceTaken)) throw error;
      return { success: false, message: error.message };
    }
  }

  /**
   * Lets a storage take new objects from now on, in every process. Throws `InvalidInput`, `StorageUnusable`,
   * `StoragePlaceTaken`, `StoredConfigurationsRefused`, `SetupCompleted`.
   */
  async configure(entry: BackendEntry): Promise<StorageConfiguration> {
    const tested = await this.choice.test(entry);
    return this.steps.run('storage', async () => {
      const configuration = await this.choice.keep(tested);
      await this.states.markStorageConfigured();
      return configuration;
    });
  }
}
