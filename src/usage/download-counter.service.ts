import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import { StorageConfig } from '../config/storage.config.js';
import { dayOf } from './domain/day.js';
import { type SegmentCounts, SpoolSegment } from './spool-segment.js';
import { spoolSegmentName } from './spool-segment-name.js';

const WARN_EVERY_MS = 60_000;

/** So that carrying over one segment is a short transaction. */
const MAX_SEGMENT = 5_000;

/** Without a spool what is known about a download is kept up to this number; then only the count. */
const MAX_UNSPOOLED_DETAILS = 5_000;

/**
 * Counts downloads without asking the database: in memory and, so that a killed process loses none, in a spool
 * file. `DownloadFolder` carries them over. Counting never delays or fails a download.
 */
@Injectable()
export class DownloadCounter {
  /** Where the spool files of the processes of this host are. */
  readonly directory: string;

  private readonly log = new Logger(DownloadCounter.name);
  private readonly instance = randomBytes(4).toString('hex');
  private readonly closed = new Set<SpoolSegment>();
  private readonly unspooled = new Map<string, number>();
  private readonly unspooledDetails: (readonly [targetId: string, details: string])[] = [];
  private current: SpoolSegment | undefined;
  private sequence = 0;
  private warnedMs = Number.NEGATIVE_INFINITY;

  constructor(storage: StorageConfig) {
    this.directory = join(storage.tempDir, 'download-counts');
  }

  /**
   * Counts one download of a module version or provider package, and keeps what `details` says about it (ASCII
   * without a line break). Returns when it would survive `kill -9`.
   */
  count(targetId: string, details = ''): void {
    try {
      if (this.current !== undefined && this.current.size >= MAX_SEGMENT) this.closeCurrent();
      this.current ??= this.open();
      if (!this.current.add(targetId, details)) this.warn();
    } catch {
      if (details !== '' && this.unspooledDetails.length < MAX_UNSPOOLED_DETAILS) {
        this.unspooledDetails.push([targetId, details]);
      }
      this.unspooled.set(targetId, (this.unspooled.get(targetId) ?? 0) + 1);
      this.warn();
    }
  }

  /** Everything that this process has counted and not carried over yet. */
  pending(): readonly SegmentCounts[] {
    const segments: SegmentCounts[] = [...this.closed];
    if (this.current !== undefined) segments.push(this.current);
    if (this.unspooled.size > 0) segments.push(this.unspooledCounts());
    return segments;
  }

  /** Closes the present segment, and returns all that wait to be carried over. */
  rotate(): SpoolSegment[] {
    if (this.unspooled.size > 0) this.retrySpooling();
    this.closeCurrent();
    return [...this.closed];
  }

  /** Whether the counts of this segment are still to be carried over. */
  waits(segment: SpoolSegment): boolean {
    return this.closed.has(segment);
  }

  /** The counts of this segment are in the database. */
  forget(segment: SpoolSegment): void {
    this.closed.delete(segment);
    segment.remove();
  }

  private unspooledCounts(): SegmentCounts {
    const lines = this.unspooledDetails.map(([targetId, details]) => `${targetId} ${details}`);
    return {
      name: '',
      day: dayOf(new Date()),
      counts: new Map(this.unspooled),
      details: () => Promise.resolve(lines),
    };
  }

  private open(): SpoolSegment {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    this.sequence += 1;
    return new SpoolSegment(join(this.directory, spoolSegmentName(this.instance, this.sequence)));
  }

  private closeCurrent(): void {
    if (this.current === undefined) return;
    this.current.close();
    this.closed.add(this.current);
    this.current = undefined;
  }

  private retrySpooling(): void {
    const waiting = new Map(this.unspooled);
    this.unspooled.clear();
    for (const [targetId, details] of this.unspooledDetails.splice(0)) {
      waiting.set(targetId, waiting.get(targetId)! - 1);
      this.count(targetId, details);
    }
    for (const [targetId, downloads] of waiting) {
      for (let done = 0; done < downloads; done += 1) this.count(targetId);
    }
  }

  private warn(): void {
    if (performance.now() - this.warnedMs < WARN_EVERY_MS) return;
    this.warnedMs = performance.now();
    this.log.warn(
      'Download counts cannot be written to the temporary directory; a crash now would lose them',
    );
  }
}
