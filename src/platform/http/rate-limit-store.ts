/** How fast a bucket fills and how much it holds. */
export interface BucketSize {
  readonly perMinute: number;
  readonly burst: number;
}

/** The state of a bucket after a request asked for a token. */
export interface RateLimitVerdict {
  readonly allowed: boolean;
  /** Whole tokens left. */
  readonly remaining: number;
  /** Until the next token; 0 when allowed. */
  readonly retryAfterSeconds: number;
}

interface Bucket {
  tokens: number;
  updatedAtMs: number;
}

const MAX_BUCKETS = 50_000;

/**
 * Token buckets in the memory of this process. Bounded: when there are too many, the one that was used least
 * recently is forgotten, which is the one most likely to be full again.
 */
export class MemoryRateLimitStore {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly nowMs: () => number = () => performance.now(),
    private readonly maxBuckets = MAX_BUCKETS,
  ) {}

  /** Whether a bucket of this key exists, which is: whether the key was used lately. */
  has(key: string): boolean {
    return this.buckets.has(key);
  }

  /** Takes one token, or says when there will be one. */
  take(key: string, { perMinute, burst }: BucketSize): RateLimitVerdict {
    const capacity = Math.max(1, burst);
    const nowMs = this.nowMs();
    const known = this.buckets.get(key);
    const elapsedMs = known ? nowMs - known.updatedAtMs : 0;
    const tokens = known ? Math.min(capacity, known.tokens + (elapsedMs * perMinute) / 60_000) : capacity;
    const allowed = tokens >= 1;
    this.keep(key, { tokens: allowed ? tokens - 1 : tokens, updatedAtMs: nowMs });
    if (allowed) return { allowed, remaining: Math.floor(tokens - 1), retryAfterSeconds: 0 };
    const waitSeconds = ((1 - tokens) * 60) / Math.max(perMinute, 1);
    return { allowed, remaining: 0, retryAfterSeconds: Math.max(1, Math.ceil(waitSeconds)) };
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
