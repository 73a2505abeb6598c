import { Injectable } from '@nestjs/common';
import { SecretBox } from '../platform/crypto/secret-box.js';
import { type DueSession, SessionRenewalsRepository } from './persistence/session-renewals.repository.js';
import { SESSION_REFRESH_TOKENS } from './session-refresh-tokens.js';

/** The refresh tokens of sessions: whose turn it is, and what is kept for the next time. */
@Injectable()
export class SessionRenewals {
  constructor(
    private readonly sessions: SessionRenewalsRepository,
    private readonly box: SecretBox,
  ) {}

  /**
   * Claims up to `limit` live sessions whose provider was not asked for `ageMs`, except those of the configurations
   * `without`. Of all processes one gets a session, once in that time: many providers end a sign-in whose refresh
   * token comes twice.
   */
  claim(limit: number, ageMs: number, without: Iterable<string>): Promise<DueSession[]> {
    return this.sessions.claim(limit, ageMs, [...without]);
  }

  /** The refresh token of a claimed session. Throws `SecretUnreadable`. */
  tokenOf({ id, refreshToken }: DueSession): string {
    return this.box.open(refreshToken, SESSION_REFRESH_TOKENS.aadOf(id)).toString();
  }

  /** Keeps the token for the next time; does nothing for a session that ended meanwhile. */
  async keep(id: string, token: string): Promise<void> {
    await this.sessions.keep(id, this.box.seal(Buffer.from(token), SESSION_REFRESH_TOKENS.aadOf(id)));
  }
}
