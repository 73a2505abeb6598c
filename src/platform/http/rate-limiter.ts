import { Injectable } from '@nestjs/common';
import { LimitsConfig } from '../../config/limits.config.js';
import { sha256Hex } from '../../kernel/sha256.js';
import type { RateLimitBucket } from './rate-limit.decorator.js';
import { type BucketSize, MemoryRateLimitStore, type RateLimitVerdict } from './rate-limit-store.js';

/** Who asks, as far as it is known before authentication. */
export interface RateLimitCaller {
  readonly clientIp: string;
  readonly authorization?: string | undefined;
}

/** A verdict with the size of the bucket. */
export interface RateLimitOutcome extends RateLimitVerdict {
  readonly limit: number;
}

/**
 * The rate limits of REST contract 2.10, in the memory of this process. A caller is its credential (only a digest
 * is kept), else its address. A credential that was not seen lately also takes a token of the address, so that
 * made-up credentials do not help.
 */
@Injectable()
export class RateLimiter {
  private readonly store = new MemoryRateLimitStore();
  private readonly sizes: Readonly<Record<RateLimitBucket, BucketSize | undefined>>;

  constructor({ rateLimiting }: LimitsConfig) {
    const { enabled, ...rates } = rateLimiting;
    const size = (perMinute: number, burst: number): BucketSize | undefined =>
      enabled && perMinute > 0 ? { perMinute, burst } : undefined;
    this.sizes = {
      general: size(rates.requestsPerMinute, rates.burst),
      upload: size(rates.uploadRequestsPerMinute, rates.uploadBurst),
      auth: size(rates.authRequestsPerMinute, rates.authBurst),
      protocol: size(rates.protocolRequestsPerMinute, rates.protocolBurst),
      none: undefined,
    };
  }

  /** Takes a token for this caller; `undefined` where no limit applies. */
  take(bucket: RateLimitBucket, caller: RateLimitCaller): RateLimitOutcome | undefined {
    const size = this.sizes[bucket];
    if (!size) return undefined;
    const byAddress = `${bucket} ip ${caller.clientIp}`;
    const verdict = this.takeFrom(bucket, byAddress, size, caller.authorization);
    return verdict && { ...verdict, limit: size.perMinute };
  }

  /** Whether this anonymous protocol request may be answered; always, while that limit is off. */
  allowsProtocol(clientIp: string): boolean {
    return this.take('protocol', { clientIp })?.allowed ?? true;
  }

  private takeFrom(
    bucket: RateLimitBucket,
    byAddress: string,
    size: BucketSize,
    authorization: string | undefined,
  ): RateLimitVerdict | undefined {
    if (authorization === undefined || bucket === 'auth') return this.store.take(byAddress, size);
    if (bucket === 'protocol') return undefined;
    const byCredential = `${bucket} key ${sha256Hex(authorization)}`;
    if (!this.store.has(byCredential)) {
      const verdict = this.store.take(byAddress, size);
      if (!verdict.allowed) return verdict;
    }
    return this.store.take(byCredential, size);
  }
}
