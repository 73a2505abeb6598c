import { Inject, Injectable } from '@nestjs/common';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { LimitsConfig } from '../../config/limits.config.js';
import { sha256Hex } from '../../kernel/sha256.js';
import { RateLimited } from './http.errors.js';
import type { RateLimitBucket } from './rate-limit.decorator.js';
import { type BucketSize, RateLimitStore, type RateLimitVerdict } from './rate-limit-store.js';

const MAX_PROVEN = 20_000;
const PROVEN_FOR_MS = 600_000;

/** A verdict with the size of the bucket. */
export interface RateLimitOutcome extends RateLimitVerdict {
  readonly limit: number;
}

/** The bucket of an address out of which an unproven credential took a token. */
export interface AddressToken {
  readonly key: string;
  readonly size: BucketSize;
}

/** How a request was counted by its address. */
export interface AddressCount {
  /** For the answer; `undefined` where no limit applies, or the caller is counted by name as soon as that is known. */
  readonly outcome: RateLimitOutcome | undefined;
  /** What goes back to the address when the credential is good. */
  readonly lent: AddressToken | undefined;
}

/**
 * The rate limits of REST contract 2.10. Who has proven who they are is counted as that user, key or service;
 * everybody else, and every request for a sign-in, by address. A credential that was not proven lately takes a
 * token of the address first, on every route that looks at one, so that made-up credentials neither help nor can be
 * tried without end (threat A5); one that turns out good gives it back, so that many callers may share an address.
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
   * Takes a token of this address. `credential` is what the request carries and the route looks at, whatever it is
   * worth.
   */
  async takeByAddress(
    bucket: RateLimitBucket,
    clientIp: string,
    credential: string | undefined,
  ): Promise<AddressCount> {
    const isTried = credential !== undefined && bucket !== 'auth';
    if (isTried && this.isProven(credential)) return NOT_COUNTED;
    const isGuess = credential !== undefined && this.sizes[bucket] === undefined;
    const counted = isGuess ? 'general' : bucket;
    const size = this.sizes[counted];
    if (size === undefined) return NOT_COUNTED;
    const key = `${counted} ip ${clientIp}`;
    const outcome = await this.take(key, size);
    return {
      // Routes without a limit of their own answer a good guess and a bad one alike, also in their headers.
      outcome: isGuess && outcome.allowed ? undefined : outcome,
      lent: isTried && outcome.allowed ? { key, size } : undefined,
    };
  }

  /**
   * Takes a token of the user, key or service that `credential` has just proven to be, and gives back what it took
   * of its address.
   */
  async takeByName(
    bucket: RateLimitBucket,
    principal: IdentifiedPrincipal,
    credential: string | undefined,
    lent: AddressToken | undefined,
  ): Promise<RateLimitOutcome | undefined> {
    if (credential !== undefined) this.prove(credential);
    if (lent !== undefined) await this.store.giveBack(lent.key, lent.size);
    const size = this.sizes[bucket];
    if (!size || (bucket !== 'general' && bucket !== 'upload')) return undefined;
    return this.take(`${bucket} ${nameOf(principal)}`, size);
  }

  /**
   * Lets this address try a secret: `compare` throws when it is wrong, and only that is counted. However many tries
   * come at once, no more than `size` allows are compared. Throws {@link RateLimited}; never while limits are off.
   */
  async attempt(what: string, clientIp: string, size: BucketSize, compare: () => void): Promise<void> {
    if (this.sizes.auth === undefined) return compare();
    const key = `${what} ip ${clientIp}`;
    // Counted before it is compared, or tries at the same time would all see the same free place.
    const { allowed, retryAfterSeconds } = await this.store.take(key, size);
    if (!allowed) throw new RateLimited(retryAfterSeconds);
    compare();
    await this.store.giveBack(key, size);
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

const NOT_COUNTED: AddressCount = { outcome: undefined, lent: undefined };

function nameOf(principal: IdentifiedPrincipal): string {
  if (principal.userId !== null) return `user ${principal.userId}`;
  return principal.kind === 'api-key' ? `key ${principal.keyId}` : `service ${nameOfService(principal)}`;
}

function nameOfService(principal: IdentifiedPrincipal): string {
  return principal.kind === 'service' ? `${principal.issuer} ${principal.subject}` : '';
}
