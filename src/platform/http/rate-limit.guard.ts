import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ROUTE_ACCESS, type RouteAccess } from '../../access/route-access.decorator.js';
import { RateLimited } from './http.errors.js';
import { RATE_LIMIT, type RateLimitBucket } from './rate-limit.decorator.js';
import { type AddressToken, RateLimiter, type RateLimitOutcome } from './rate-limiter.js';

const SESSION_COOKIE = 'tfr_session';

/** A request on its way through the limits. */
export interface LimitedRequest extends FastifyRequest {
  /** What its credential took of its address, until that is proven. */
  lentToken?: AddressToken | undefined;
}

/**
 * Refuses requests above the rate limit of their route with 429 and the headers of REST contract 2.4. Runs before
 * the authentication guard and counts by address.
 */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly limiter: RateLimiter,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<LimitedRequest>();
    const bucket = bucketOf(context, this.reflector, request);
    const access = this.reflector.get<RouteAccess | undefined>(ROUTE_ACCESS, context.getHandler());
    const credential = looksAtCredential(access, request) ? credentialOf(request) : undefined;
    const { outcome, lent } = await this.limiter.takeByAddress(bucket, request.ip, credential);
    request.lentToken = lent;
    return answer(context, outcome);
  }
}

/** The bucket of a route: declared, or by its path. */
export function bucketOf(
  context: ExecutionContext,
  reflector: Reflector,
  request: FastifyRequest,
): RateLimitBucket {
  const declared = reflector.getAllAndOverride<RateLimitBucket | undefined>(RATE_LIMIT, [
    context.getHandler(),
    context.getClass(),
  ]);
  if (declared !== undefined) return declared;
  const route = request.routeOptions.url ?? '';
  if (route.startsWith('/api/')) return 'general';
  return route.startsWith('/v1/') || route.startsWith('/terraform/') ? 'protocol' : 'none';
}

/** Whether the authentication guard will look at a credential; next to a signature it does not. */
function looksAtCredential(access: RouteAccess | undefined, { query }: FastifyRequest): boolean {
  if (access?.kind === 'signed-url') return (query as Record<string, unknown>)['signature'] === undefined;
  return access !== undefined && access.kind !== 'open' && access.kind !== 'setup-token';
}

/** What the request carries to say who it is, unverified. */
export function credentialOf({ headers, cookies }: FastifyRequest): string | undefined {
  return headers.authorization ?? cookies?.[SESSION_COOKIE];
}

/** Sets the headers, and throws RateLimited when there was no token. */
export function answer(context: ExecutionContext, outcome: RateLimitOutcome | undefined): true {
  if (!outcome) return true;
  const reply = context.switchToHttp().getResponse<FastifyReply>();
  void reply.header('x-ratelimit-limit', outcome.limit).header('x-ratelimit-remaining', outcome.remaining);
  if (outcome.allowed) return true;
  throw new RateLimited(outcome.retryAfterSeconds);
}
