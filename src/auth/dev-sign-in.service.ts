import { Injectable } from '@nestjs/common';
import type { User } from '../orgs/domain/user.js';
import { UserNotFound } from '../orgs/domain/users.errors.js';
import { AccessTokens, type IssuedAccessToken } from './access-tokens.service.js';
import { Sessions } from './sessions.service.js';

/** Somebody who was signed in without proof. */
export interface DevSession extends IssuedAccessToken {
  readonly user: User;
}

/** Signs people in without proof, in development mode only: an access token that stands alone, bound to a session. */
@Injectable()
export class DevSignIn {
  constructor(
    private readonly sessions: Sessions,
    private readonly tokens: AccessTokens,
  ) {}

  /** An access token of `user`. Throws `UserNotFound` for a disabled one. */
  async as(user: User): Promise<DevSession> {
    if (!user.isActive) throw new UserNotFound();
    const { id } = await this.sessions.start({ userId: user.id, method: 'development' });
    return { user, ...(await this.tokens.issue(id)) };
  }
}
