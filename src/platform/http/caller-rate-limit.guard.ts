import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Principal } from '../../access/principal.js';
import { answer, bucketOf, credentialOf, type LimitedRequest } from './rate-limit.guard.js';
import { RateLimiter } from './rate-limiter.js';

/** The same limits once it is known who asks: by user, else key, else service. Runs after the authentication guard. */
@Injectable()
export class CallerRateLimitGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly limiter: RateLimiter,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<LimitedRequest & { principal?: Principal }>();
    const { principal, lentToken } = request;
    if (principal === undefined || principal.kind === 'anonymous') return true;
    const bucket = bucketOf(context, this.reflector, request);
    return answer(
      context,
      await this.limiter.takeByName(bucket, principal, credentialOf(request), lentToken),
    );
  }
}
