import { Inject, Injectable } from '@nestjs/common';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { LimitsConfig } from '../../config/limits.config.js';
import { sha256Hex } from '../../kernel/sha256.js';
import type { RateLimitBucket } from './rate-limit.decorator.js';
import { type BucketSize, RateLimitStore, type RateLimitVerdict } from './rate-limit-store.js';

const MAX_PROVEN = 20_000;
const PROVEN_FOR_MS = 600_000;

/** A verdict with the size of the bucket. */
export interface RateLimitOutcome extends RateLimitVerdict {
  readonly limit: number;
}

/**
 * The rate limits of REST contract 2.10. Who has proven who they are is counted as that user, key or service;
 * everybody else, and every request for a sign-in, by address. A credential that was not proven lately takes a
 * token of the address first, on every route that looks at one, so that made-up credentials neither help nor can be
 * tried without end (threat A5).
 */
@Injectable()
export class RateLimiter {
  private readonly sizes: Readonly<Record<RateLimitBucket, BucketSize | undefined>>;
  /** Digests of credentials that were good, with the time until which they are believed to be. */
  private readonly proven = new Map<string, number>();

  constructor(
    { rateLimiting }: LimitsConfig,
    @Inject(RateLimitStore) private readonly store: RateLimitStore,
  ) {
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

  /**
   * Takes a token of this address; `undefined` where no limit applies, or where the caller is counted by name as
   * soon as that is known. `credential` is what the request carries and the route looks at, whatever it is worth.
   */
  async takeByAddress(
    bucket: RateLimitBucket,
    clientIp: string,
    credential: string | undefined,
  ): Promise<RateLimitOutcome | undefined> {
    if (credential !== undefined && bucket !== 'auth' && this.isProven(credential)) return undefined;
    const isGuess = credential !== undefined && this.sizes[bucket] === undefined;
    const counted = isGuess ? 'general' : bucket;
    const size = this.sizes[counted];
    const outcome = size && (await this.take(`${counted} ip ${clientIp}`, size));
    // Routes without a limit of their own answer a good guess and a bad one alike, also in their headers.
    return isGuess && outcome?.allowed === true ? undefined : outcome;
  }

  /** Takes a token of the user, key or service that `credential` has just proven to be. */
  async takeByName(
    bucket: RateLimitBucket,
    principal: IdentifiedPrincipal,
    credential: string | undefined,
  ): Promise<RateLimitOutcome | undefined> {
    if (credential !== undefined) this.prove(credential);
    const size = this.sizes[bucket];
    if (!size || (bucket !== 'general' && bucket !== 'upload')) return undefined;
    return this.take(`${bucket} ${nameOf(principal)}`, size);
  }

  /** Whether this address may try a secret again; failures are reported with `fail`. Always, while limits are off. */
  async mayTry(what: string, clientIp: string, size: BucketSize): Promise<RateLimitOutcome> {
    if (this.sizes.auth === undefined) return UNLIMITED;
    return { ...(await this.store.peek(`${what} ip ${clientIp}`, size)), limit: size.perMinute };
  }

  /** Counts a wrong secret from this address. */
  async fail(what: string, clientIp: string, size: BucketSize): Promise<void> {
    if (this.sizes.auth !== undefined) await this.store.take(`${what} ip ${clientIp}`, size);
  }

  private async take(key: string, size: BucketSize): Promise<RateLimitOutcome> {
    return { ...(await this.store.take(key, size)), limit: size.perMinute };
  }

  private isProven(credential: string): boolean {
    return (this.proven.get(sha256Hex(credential)) ?? 0) > performance.now();
  }

  private prove(credential: string): void {
    const digest = sha256Hex(credential);
    this.proven.delete(digest);
    const oldest = this.proven.size >= MAX_PROVEN ? this.proven.keys().next() : undefined;
    if (oldest && !oldest.done) this.proven.delete(oldest.value);
    this.proven.set(digest, performance.now() + PROVEN_FOR_MS);
  }
}

const UNLIMITED: RateLimitOutcome = { allowed: true, remaining: 0, retryAfterSeconds: 0, limit: 0 };

function nameOf(principal: IdentifiedPrincipal): string {
  if (principal.userId !== null) return `user ${principal.userId}`;
  return principal.kind === 'api-key' ? `key ${principal.keyId}` : `service ${nameOfService(principal)}`;
}

function nameOfService(principal: IdentifiedPrincipal): string {
  return principal.kind === 'service' ? `${principal.issuer} ${principal.subject}` : '';
}
