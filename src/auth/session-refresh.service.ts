import { Injectable } from '@nestjs/common';
import type { IdentifiedPrincipal } from '../access/principal.js';
import { AccessTokens } from './access-tokens.service.js';
import { NotRefreshable } from './domain/session.errors.js';
import { Sessions } from './sessions.service.js';

/** What a browser gets for a credential that is to last longer. */
export interface RefreshedCredential {
  readonly token: string;
  readonly expiresInSeconds: number;
  /** When the session ends now. */
  readonly expiresAt: Date;
}

/** Renews sessions and access tokens (REST contract 9.2). */
@Injectable()
export class SessionRefresh {
  constructor(
    private readonly sessions: Sessions,
    private readonly tokens: AccessTokens,
  ) {}

  /**
   * A whole life for the session of `principal`: with a new handle, or with a new access token for one. Throws
   * {@link NotRefreshable} for every other credential, `SessionNotFound`.
   */
  async refresh(principal: IdentifiedPrincipal): Promise<RefreshedCredential> {
    if (principal.kind === 'api-key') throw NotRefreshable.apiKey();
    if (principal.kind !== 'user' || principal.credential.kind === 'entra-token') {
      throw NotRefreshable.foreignToken();
    }
    const { kind, id } = principal.credential;
    const { handle, expiresAt } = await this.sessions.renew(id);
    if (kind === 'access-token') return { ...(await this.tokens.issue(id)), expiresAt };
    const expiresInSeconds = Math.round((expiresAt.getTime() - Date.now()) / 1_000);
    return { token: handle, expiresInSeconds, expiresAt };
  }
}
