import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { SessionsRepository } from './persistence/sessions.repository.js';

const FLUSH_EVERY_MS = 15_000;

/**
 * When sessions were last used. Uses are collected in memory and written together every 15 s and at the end; a
 * session comes here at most once a minute, so a request never waits for it.
 */
@Injectable()
export class SessionUsage implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('SessionUsage');
  private used = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly sessions: SessionsRepository) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_EVERY_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  /** Notes that a session was used. */
  mark(sessionId: string): void {
    this.used.add(sessionId);
  }

  /** Writes what was collected; what cannot be written now is kept for the next time. */
  async flush(): Promise<void> {
    if (this.used.size === 0) return;
    const writing = this.used;
    this.used = new Set();
    try {
      await this.sessions.markUsed([...writing]);
    } catch (error) {
      this.used = new Set([...writing, ...this.used]);
      this.logger.warn(`The last use of sessions could not be written: ${(error as Error).message}`);
    }
  }
}
