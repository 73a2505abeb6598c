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

/** Where token buckets live: in one process, or shared by all of them. */
export abstract class RateLimitStore {
  /** Takes one token, or says when there will be one. */
  abstract take(key: string, size: BucketSize): RateLimitVerdict | Promise<RateLimitVerdict>;

  /** Puts a token back that `take` gave; the bucket never holds more than its burst. */
  abstract giveBack(key: string, size: BucketSize): void | Promise<void>;
}

/** How many tokens a bucket holds when it is full: one at least. */
export function capacityOf({ burst }: BucketSize): number {
  return Math.max(1, burst);
}

/** The verdict about a bucket that holds `tokens` before anything is taken. */
export function verdictOf(tokens: number, perMinute: number): RateLimitVerdict {
  if (tokens >= 1) return { allowed: true, remaining: Math.floor(tokens - 1), retryAfterSeconds: 0 };
  const waitSeconds = ((1 - tokens) * 60) / Math.max(perMinute, 1);
  return { allowed: false, remaining: 0, retryAfterSeconds: Math.max(1, Math.ceil(waitSeconds)) };
}
