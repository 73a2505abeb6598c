import { Injectable } from '@nestjs/common';

/** Learns of downloads that are being carried over; `counts`: downloads by target id. */
export type FoldedDownloadsListener = (counts: ReadonlyMap<string, number>) => Promise<void>;

/**
 * Who else adds up downloads. A listener is called inside the transaction that adds a batch to the daily counts, so
 * what it stores is as exact; it must be short.
 */
@Injectable()
export class FoldedDownloads {
  private readonly listeners: FoldedDownloadsListener[] = [];

  /** Calls `listener` with every batch. */
  onFolded(listener: FoldedDownloadsListener): void {
    this.listeners.push(listener);
  }

  /** A batch is being added by the surrounding transaction. */
  async tell(counts: ReadonlyMap<string, number>): Promise<void> {
    for (const listener of this.listeners) await listener(counts);
  }
}
