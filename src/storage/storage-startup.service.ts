import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { StorageConfig } from '../config/storage.config.js';
import { Readiness } from '../platform/health/readiness.js';
import { TempFiles } from '../platform/temp-files/temp-files.js';
import { ObjectNotFound } from './object-store.errors.js';
import { ObjectStores } from './object-stores.service.js';

/** No object ever has this path; asking for it shows that the store answers. */
const PROBE_PATH = 'probe/readiness';

/** When the application starts: lets readiness ask the active storage, and removes what killed processes left behind. */
@Injectable()
export class StorageStartup implements OnModuleInit {
  private readonly logger = new Logger('Storage');

  constructor(
    private readonly readiness: Readiness,
    private readonly stores: ObjectStores,
    private readonly tempFiles: TempFiles,
    private readonly config: StorageConfig,
  ) {}

  async onModuleInit(): Promise<void> {
    this.readiness.register('storage', () => this.assertReachable());
    try {
      const removed = await this.tempFiles.removeLeftovers(this.config.sweepGraceMs);
      if (removed > 0) this.logger.log(`Removed ${removed} temporary files of processes that have ended`);
    } catch (error) {
      this.logger.warn({ message: 'Temporary files of ended processes could not be removed', err: error });
    }
  }

  private async assertReachable(): Promise<void> {
    try {
      const { store } = await this.stores.active();
      await store.stat(PROBE_PATH);
    } catch (error) {
      if (!(error instanceof ObjectNotFound)) throw error;
    }
  }
}
