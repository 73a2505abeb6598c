import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { ExpectedBytes } from './blob-inspector.js';

/**
 * Opens bytes that should be the wanted ones; undefined when this source has none. Throws when it cannot say now. What
 * it gives is checked: other bytes are never used.
 */
export type RepairSource = (wanted: ExpectedBytes, signal?: AbortSignal) => Promise<Readable | undefined>;

/** Where bytes come from again that no storage has any more: an upstream, for what was mirrored. */
@Injectable()
export class RepairSources {
  private readonly sources: RepairSource[] = [];

  /** Adds a source; they are asked in the order in which they were added. */
  register(source: RepairSource): void {
    this.sources.push(source);
  }

  list(): readonly RepairSource[] {
    return this.sources;
  }
}
