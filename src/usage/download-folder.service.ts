import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Transactions } from '../platform/database/transactions.js';
import { DownloadAudit } from './download-audit.js';
import { DownloadBreakdowns } from './download-breakdowns.service.js';
import { DownloadCounter } from './download-counter.service.js';
import { FoldedDownloads } from './folded-downloads.js';
import { DownloadCountsRepository } from './persistence/download-counts.repository.js';
import { isTargetId, readSegment, type SegmentCounts, type SpoolSegment } from './spool-segment.js';
import { isAbandonedSegment } from './spool-segment-name.js';

const INTERVAL_MS = 5_000;
const ROUNDS_PER_SEARCH = 12;
const REMEMBER_SPOOLS_DAYS = 30;

/** Under load carrying over takes at most this part of the time of the process. */
const PAUSE_PER_WORK = 9;
const LONGEST_PAUSE_MS = 2_000;

/** What is not carried over in this time when the process stops, the next process carries over. */
const STOP_WITHIN_MS = 20_000;

/**
 * Carries download counts from the spool files into the database, in batches and exactly once: the name of a
 * segment is recorded in the transaction that adds its counts, what they divide into, and the audit entries of its
 * downloads. Works for this process all the time and when it stops, and for processes of this host that died. The
 * files are local, so no job queue is involved.
 */
@Injectable()
export class DownloadFolder implements BeforeApplicationShutdown {
  private readonly log = new Logger(DownloadFolder.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private rounds = 0;
  private isInRound = false;
  private isStopping = false;
  private started = 0;

  constructor(
    private readonly counter: DownloadCounter,
    private readonly repository: DownloadCountsRepository,
    private readonly transactions: Transactions,
    private readonly audit: DownloadAudit,
    private readonly folded: FoldedDownloads,
    private readonly breakdowns: DownloadBreakdowns,
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
    this.isStopping = true;
    await this.fold(performance.now() + STOP_WITHIN_MS).catch((error: unknown) => this.report(error));
  }

  /** How often carrying over has begun; unchanged since {@link settled}: nothing moved in between. */
  get folds(): number {
    return this.started;
  }

  /** Resolves when nothing is being carried over. */
  async settled(): Promise<void> {
    while (this.running) await this.running.catch(() => undefined);
  }

  /** Carries over what this process has counted so far; begins nothing new after `untilMs` (`performance.now()`). */
  fold(untilMs = Number.POSITIVE_INFINITY): Promise<void> {
    return this.alone(async () => {
      for (const segment of this.counter.rotate()) {
        if (performance.now() < untilMs) await this.foldOne(segment);
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
    if (this.isInRound || this.running) return;
    this.isInRound = true;
    try {
      if (this.rounds % ROUNDS_PER_SEARCH === 0) {
        await this.foldAbandoned();
        await this.repository.forgetSpoolsOlderThan(REMEMBER_SPOOLS_DAYS);
      }
      this.rounds += 1;
      await this.foldGently();
    } catch (error) {
      this.report(error);
    } finally {
      this.isInRound = false;
    }
  }

  /** One segment after the other, with pauses that leave the process to its clients. */
  private async foldGently(): Promise<void> {
    const segments = this.counter.rotate();
    for (const [index, segment] of segments.entries()) {
      const startedMs = performance.now();
      await this.alone(() => this.foldOne(segment));
      if (index + 1 === segments.length) return;
      const pauseMs = Math.min(PAUSE_PER_WORK * (performance.now() - startedMs), LONGEST_PAUSE_MS);
      await sleep(pauseMs, undefined, { ref: false });
      if (this.isStopping) return;
    }
  }

  private async foldOne(segment: SpoolSegment): Promise<void> {
    if (!this.counter.waits(segment)) return;
    await this.carryOver(segment);
    this.counter.forget(segment);
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

  private async carryOver(segment: SegmentCounts): Promise<void> {
    const { name, day, counts } = segment;
    const valid = new Map([...counts].filter(([targetId]) => isTargetId(targetId)));
    const details = await segment.details();
    await this.transactions.run(async () => {
      if (!(await this.repository.claimSpool(name))) return;
      await this.repository.add(day, valid);
      await this.breakdowns.add(day, valid, details);
      await this.folded.tell(valid);
      await this.audit.record(details);
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
