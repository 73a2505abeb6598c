import { Injectable } from '@nestjs/common';
import { CredentialReader } from '../auth/credential-reader.js';
import type { GuardedRequest } from '../auth/guarded-request.js';
import { type AuthorizedUser, UserAuthority } from '../orgs/user-authority.service.js';
import { BrowserNeeded } from './web.errors.js';

/** Somebody who is signed in with this browser. */
export interface WebSession {
  readonly id: string;
  /** The account has to change its password before anything else. */
  readonly isLimited: boolean;
  /** What every form of a page carries in its field `csrf_token`. */
  readonly csrfToken: string;
  readonly user: AuthorizedUser;
}

/** Who is signed in, for pages that are there for everybody. */
@Injectable()
export class WebSessions {
  constructor(
    private readonly credentials: CredentialReader,
    private readonly users: UserAuthority,
  ) {}

  /** The session of this browser; `undefined` when there is none, or the account may not be used. */
  async find(request: GuardedRequest): Promise<WebSession | undefined> {
    const presented = await this.credentials.sessionOf(request);
    if (presented === undefined) return undefined;
    const { session, csrfToken } = presented;
    const { value: user } = await this.users.of(session.userId);
    return user && { id: session.id, isLimited: session.isLimited, csrfToken, user };
  }

  /** The same where the route has made sure that there is one. Throws {@link BrowserNeeded} for an API key. */
  async require(request: GuardedRequest): Promise<WebSession> {
    const session = await this.find(request);
    if (session === undefined) throw new BrowserNeeded();
    return session;
  }
}
