import { Injectable } from '@nestjs/common';
import { Transactions } from '../platform/database/transactions.js';

const BATCH = 100;

/** Knows which objects of a kind have no row, and makes it; `fill` runs in a transaction of its own. */
export interface SearchSource {
  missing(limit: number): Promise<string[]>;
  fill(id: string): Promise<void>;
}

/** Makes the rows of what was published before there were searches. */
@Injectable()
export class SearchRefill {
  private readonly sources: SearchSource[] = [];

  constructor(private readonly transactions: Transactions) {}

  /** Makes a kind of object known. */
  register(source: SearchSource): void {
    this.sources.push(source);
  }

  /** Makes all missing rows, one transaction each; how many. */
  async run(signal: AbortSignal): Promise<number> {
    let filled = 0;
    for (const source of this.sources) {
      for (let ids = await source.missing(BATCH); ids.length > 0; ids = await source.missing(BATCH)) {
        for (const id of ids) {
          signal.throwIfAborted();
          await this.transactions.run(() => source.fill(id));
          filled += 1;
        }
      }
    }
    return filled;
  }
}
