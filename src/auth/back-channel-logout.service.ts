import { Injectable, Logger } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { AuditLog } from '../audit/audit-log.service.js';
import { Clock } from '../kernel/clock.js';
import { Transactions } from '../platform/database/transactions.js';
import { LogoutTokenRefused } from './domain/sign-in.errors.js';
import { LogoutTokenVerifier, type VerifiedLogout } from './logout-token-verifier.service.js';
import { UsedTokenIdsRepository } from './persistence/used-token-ids.repository.js';
import { Sessions } from './sessions.service.js';

/** Longer than a token can be presented: its life of five minutes, and a minute for each clock. */
const REMEMBERED_MS = 600_000;

/** Ends sessions when their identity provider says so (OpenID Connect Back-Channel Logout 1.0, threat B8). */
@Injectable()
export class BackChannelLogout {
  private readonly logger = new Logger('BackChannelLogout');

  constructor(
    private readonly verifier: LogoutTokenVerifier,
    private readonly used: UsedTokenIdsRepository,
    private readonly sessions: Sessions,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Ends what the logout token in the fields of `form` names, in every process; gives how many sessions that were.
   * Throws {@link LogoutTokenRefused}, also for a token that was used before; `ProviderUnavailable` when the keys of
   * the provider cannot be read.
   */
  async end(form: unknown): Promise<number> {
    try {
      const logout = await this.verifier.verify(tokenIn(form));
      const ended = await this.endOnce(logout);
      if (ended === 0) this.audit.nothingChanged();
      return ended;
    } catch (error) {
      if (error instanceof LogoutTokenRefused) this.logger.log(`A logout was refused: ${error.message}`);
      throw error;
    }
  }

  private endOnce(logout: VerifiedLogout): Promise<number> {
    const digest = createHash('sha256')
      .update(JSON.stringify(['logout', logout.issuer, logout.tokenId]))
      .digest();
    const until = new Date(this.clock.now().getTime() + REMEMBERED_MS);
    return this.transactions.run(async () => {
      if (!(await this.used.use(digest, until))) {
        throw new LogoutTokenRefused('The logout token was used before');
      }
      return this.sessions.endAtProvider(logout);
    });
  }
}

function tokenIn(form: unknown): string {
  const { logout_token: token } = (form ?? {}) as { logout_token?: unknown };
  if (typeof token !== 'string' || token === '') throw new LogoutTokenRefused('logout_token is missing');
  return token;
}
