import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Transactions } from '../platform/database/transactions.js';
import { DownloadCounter } from './download-counter.service.js';
import { DownloadCountsRepository } from './persistence/download-counts.repository.js';
import { type SegmentCounts, isTargetId, readSegment } from './spool-segment.js';
import { isAbandonedSegment } from './spool-segment-name.js';

const INTERVAL_MS = 5_000;
const ROUNDS_PER_SEARCH = 12;
const REMEMBER_SPOOLS_DAYS = 30;

/**
 * Carries download counts from the spool files into the database, in batches and exactly once: the name of a
 * segment is recorded in the transaction that adds its counts. Works for this process all the time and when it
 * stops, and for processes of this host that died. The files are local, so no job queue is involved.
 */
@Injectable()
export class DownloadFolder implements BeforeApplicationShutdown {
  private readonly log = new Logger(DownloadFolder.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private rounds = 0;
  private started = 0;

  constructor(
    private readonly counter: DownloadCounter,
    private readonly repository: DownloadCountsRepository,
    private readonly transactions: Transactions,
  ) {}

  /** Begins to carry over; called once the server listens. Commands count nothing and leave it alone. */
  start(): void {
    this.timer = setInterval(() => void this.round(), INTERVAL_MS);
    this.timer.unref();
    void this.round();
  }

  /** What is downloaded while the last requests end stays in the spool; the next process carries it over. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.fold().catch((error: unknown) => this.report(error));
  }

  /** How often carrying over has begun; unchanged since {@link settled}: nothing moved in between. */
  get folds(): number {
    return this.started;
  }

  /** Resolves when nothing is being carried over. */
  async settled(): Promise<void> {
    while (this.running) await this.running.catch(() => undefined);
  }

  /** Carries over what this process has counted so far. */
  fold(): Promise<void> {
    return this.alone(async () => {
      for (const segment of this.counter.rotate()) {
        await this.carryOver(segment);
        this.counter.forget(segment);
      }
    });
  }

  /** Carries over what ended processes of this host left. */
  foldAbandoned(): Promise<void> {
    return this.alone(async () => {
      for (const name of await this.abandonedSegments()) {
        const path = join(this.counter.directory, name);
        await this.carryOver(readSegment(path));
        await rm(path, { force: true });
      }
    });
  }

  private async round(): Promise<void> {
    if (this.running) return;
    try {
      if (this.rounds % ROUNDS_PER_SEARCH === 0) {
        await this.foldAbandoned();
        await this.repository.forgetSpoolsOlderThan(REMEMBER_SPOOLS_DAYS);
      }
      this.rounds += 1;
      await this.fold();
    } catch (error) {
      this.report(error);
    }
  }

  /** One after the other, so that no segment is carried over twice at a time. */
  private alone(work: () => Promise<void>): Promise<void> {
    this.started += 1;
    const before = this.running?.catch(() => undefined) ?? Promise.resolve();
    const mine = before.then(work).finally(() => {
      if (this.running === mine) this.running = undefined;
    });
    this.running = mine;
    return mine;
  }

  private async carryOver({ name, day, counts }: SegmentCounts): Promise<void> {
    const valid = new Map([...counts].filter(([targetId]) => isTargetId(targetId)));
    await this.transactions.run(async () => {
      if (await this.repository.claimSpool(name)) await this.repository.add(day, valid);
    });
  }

  private async abandonedSegments(): Promise<string[]> {
    try {
      return (await readdir(this.counter.directory)).filter(isAbandonedSegment).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  private report(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.log.warn(`Download counts stay in the spool for now: ${reason}`);
  }
}
