import { type BeforeApplicationShutdown, Logger } from '@nestjs/common';
import { Transactions } from '../database/transactions.js';
import { MemoryRateLimitStore } from './memory-rate-limit-store.js';
import {
  type BucketSize,
  capacityOf,
  RateLimitStore,
  type RateLimitVerdict,
  verdictOf,
} from './rate-limit-store.js';

const WARN_EVERY_MS = 60_000;
const PURGE_EVERY_MS = 600_000;

const FILLED = `least($2::float8, b.tokens + greatest(0, extract(epoch FROM clock_timestamp() - b.updated_at)::float8) * $3::float8 / 60)`;

const TAKE = `
  INSERT INTO rate_limit_buckets AS b (key, tokens, had, updated_at)
  VALUES ($1, $2::float8 - 1, $2::float8, clock_timestamp())
  ON CONFLICT (key) DO UPDATE SET (tokens, had, updated_at) =
    (SELECT CASE WHEN filled >= 1 THEN filled - 1 ELSE filled END, filled, clock_timestamp()
     FROM (SELECT ${FILLED} AS filled) AS bucket)
  RETURNING had`;

const GIVE_BACK = `
  UPDATE rate_limit_buckets AS b SET tokens = least($2::float8, ${FILLED} + 1), updated_at = clock_timestamp()
  WHERE key = $1 RETURNING tokens AS had`;

/**
 * Token buckets that all processes share, one statement per request, on the clock of the database. While the
 * database is not reachable each process counts for itself: a limit is never a reason to refuse everybody.
 */
export class DatabaseRateLimitStore extends RateLimitStore implements BeforeApplicationShutdown {
  private readonly logger = new Logger('RateLimits');
  private readonly alone = new MemoryRateLimitStore();
  private readonly purging: NodeJS.Timeout;
  private warnedMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly transactions: Transactions) {
    super();
    this.purging = setInterval(() => void this.purge(), PURGE_EVERY_MS);
    this.purging.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.purging);
  }

  async take(key: string, size: BucketSize): Promise<RateLimitVerdict> {
    const had = await this.ask(TAKE, key, size);
    return had === undefined ? this.alone.take(key, size) : verdictOf(had, size.perMinute);
  }

  async giveBack(key: string, size: BucketSize): Promise<void> {
    const holds = await this.ask(GIVE_BACK, key, size);
    if (holds === undefined) this.alone.giveBack(key, size);
  }

  /** Forgets buckets that are full again. */
  async purge(): Promise<void> {
    await this.transactions
      .query(`DELETE FROM rate_limit_buckets WHERE updated_at < clock_timestamp() - interval '1 hour'`)
      .catch(() => this.warn());
  }

  /** What the statement says of the bucket; `undefined` when the database does not answer. */
  private async ask(statement: string, key: string, size: BucketSize): Promise<number | undefined> {
    const capacity = capacityOf(size);
    try {
      const values = [key, capacity, size.perMinute];
      const [row] = await this.transactions.query<{ had: number }>(statement, values);
      return row?.had ?? capacity;
    } catch {
      this.warn();
      return undefined;
    }
  }

  private warn(): void {
    if (performance.now() - this.warnedMs < WARN_EVERY_MS) return;
    this.warnedMs = performance.now();
    this.logger.warn('Request limits are counted by each process alone while the database does not answer');
  }
}
