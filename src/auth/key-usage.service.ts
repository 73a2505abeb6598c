import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ApiKeysRepository } from './persistence/api-keys.repository.js';

const FLUSH_EVERY_MS = 30_000;

/**
 * When keys were last used. Uses are collected in memory and written together every 30 s and at the end, so a
 * request never waits for it; a crash loses at most the uses of those seconds.
 */
@Injectable()
export class KeyUsage implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('KeyUsage');
  private uses = new Map<string, Date>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly keys: ApiKeysRepository) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_EVERY_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  /** Notes that a key was used now. */
  mark(keyId: string, at: Date): void {
    this.uses.set(keyId, at);
  }

  /** Writes what was collected; what cannot be written now is kept for the next time. */
  async flush(): Promise<void> {
    if (this.uses.size === 0) return;
    const writing = this.uses;
    this.uses = new Map();
    try {
      await this.keys.markUsed(writing);
    } catch (error) {
      this.uses = new Map([...writing, ...this.uses]);
      this.logger.warn(`The last use of API keys could not be written: ${(error as Error).message}`);
    }
  }
}
