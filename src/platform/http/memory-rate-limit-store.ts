import {
  type BucketSize,
  capacityOf,
  RateLimitStore,
  type RateLimitVerdict,
  verdictOf,
} from './rate-limit-store.js';

interface Bucket {
  tokens: number;
  updatedAtMs: number;
}

const MAX_BUCKETS = 50_000;

/**
 * Token buckets in the memory of this process. Bounded: when there are too many, the one that was used least
 * recently is forgotten, which is the one most likely to be full again.
 */
export class MemoryRateLimitStore extends RateLimitStore {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly nowMs: () => number = () => performance.now(),
    private readonly maxBuckets = MAX_BUCKETS,
  ) {
    super();
  }

  take(key: string, size: BucketSize): RateLimitVerdict {
    const nowMs = this.nowMs();
    const tokens = this.tokensOf(key, size, nowMs);
    const verdict = verdictOf(tokens, size.perMinute);
    this.keep(key, { tokens: verdict.allowed ? tokens - 1 : tokens, updatedAtMs: nowMs });
    return verdict;
  }

  giveBack(key: string, size: BucketSize): void {
    if (!this.buckets.has(key)) return;
    const nowMs = this.nowMs();
    const tokens = Math.min(capacityOf(size), this.tokensOf(key, size, nowMs) + 1);
    this.keep(key, { tokens, updatedAtMs: nowMs });
  }

  private tokensOf(key: string, size: BucketSize, nowMs: number): number {
    const capacity = capacityOf(size);
    const known = this.buckets.get(key);
    if (known === undefined) return capacity;
    return Math.min(capacity, known.tokens + ((nowMs - known.updatedAtMs) * size.perMinute) / 60_000);
  }

  private keep(key: string, bucket: Bucket): void {
    this.buckets.delete(key);
    if (this.buckets.size >= this.maxBuckets) {
      const oldest = this.buckets.keys().next();
      if (!oldest.done) this.buckets.delete(oldest.value);
    }
    this.buckets.set(key, bucket);
  }
}
