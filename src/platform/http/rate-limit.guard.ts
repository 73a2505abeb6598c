import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RateLimited } from './http.errors.js';
import { RATE_LIMIT, type RateLimitBucket } from './rate-limit.decorator.js';
import { RateLimiter } from './rate-limiter.js';

/** Refuses requests above the rate limit of their route with 429 and the headers of REST contract 2.4. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly limiter: RateLimiter,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const declared = this.reflector.getAllAndOverride<RateLimitBucket | undefined>(RATE_LIMIT, [
      context.getHandler(),
      context.getClass(),
    ]);
    const bucket = declared ?? bucketOf(request.routeOptions.url ?? '');
    const { authorization } = request.headers;
    const outcome = this.limiter.take(bucket, { clientIp: request.ip, authorization });
    if (!outcome) return true;
    const reply = http.getResponse<FastifyReply>();
    void reply.header('x-ratelimit-limit', outcome.limit).header('x-ratelimit-remaining', outcome.remaining);
    if (outcome.allowed) return true;
    throw new RateLimited(outcome.retryAfterSeconds);
  }
}

function bucketOf(route: string): RateLimitBucket {
  if (route.startsWith('/api/')) return 'general';
  return route.startsWith('/v1/') || route.startsWith('/terraform/') ? 'protocol' : 'none';
}
