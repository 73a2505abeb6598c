import { Injectable } from '@nestjs/common';
import { OidcConfig } from '../config/oidc.config.js';
import { UserCreationRefused } from '../orgs/domain/users.errors.js';
import { Users } from '../orgs/users.service.js';
import { Transactions } from '../platform/database/transactions.js';
import { SignInFailed } from './domain/sign-in.errors.js';
import type { ProvenIdentity, ProviderId, SignInConfiguration } from './domain/sign-in-provider.js';
import { GroupRoles } from './group-roles.service.js';
import { Sessions, type StartedSession } from './sessions.service.js';

/** What is known about the browser: where it goes on to, and the cookie of its session before. */
export interface ArrivingBrowser {
  readonly returnTo: string | null;
  readonly replaces: string | undefined;
}

/** What happens once somebody's identity is proven: user, roles by group, session. */
@Injectable()
export class OidcArrival {
  constructor(
    private readonly users: Users,
    private readonly groupRoles: GroupRoles,
    private readonly sessions: Sessions,
    private readonly transactions: Transactions,
    private readonly config: OidcConfig,
  ) {}

  /**
   * Finds or makes the user, applies the group mapping and starts a session, all or nothing. Throws `SignInFailed`:
   * `user_creation_failed`, `access_denied` for a disabled account, `jwt_failed` without a session.
   */
  async welcome(
    provider: ProviderId,
    configuration: SignInConfiguration,
    identity: ProvenIdentity,
    { returnTo, replaces }: ArrivingBrowser,
  ): Promise<StartedSession> {
    const { issuer, subject, email, isEmailVerified, name, groups, idToken, refreshToken, sid } = identity;
    const isEmailTrusted = isEmailVerified !== false && this.trusts(email);
    return this.transactions.run(async () => {
      const user = await this.users
        .provision({ issuer, subject, email, isEmailVerified, name, isEmailTrusted })
        .catch((error: unknown) => {
          throw error instanceof UserCreationRefused
            ? new SignInFailed('user_creation_failed', error)
            : error;
        });
      if (!user.isActive) throw new SignInFailed('access_denied');
      await this.groupRoles.apply(user.id, groups, configuration);
      return this.sessions
        .start({
          userId: user.id,
          method: provider,
          identityId: configuration.id,
          idToken,
          // Nobody needs it who does not ask again.
          refreshToken: this.config.groupSyncIntervalMs > 0 ? refreshToken : undefined,
          sid,
          replaces,
          returnTo: returnTo ?? undefined,
        })
        .catch((error: unknown) => {
          throw new SignInFailed('jwt_failed', error);
        });
    });
  }

  private trusts(email: string): boolean {
    if (!this.config.requireVerifiedEmail) return true;
    const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
    return this.config.trustedEmailDomains.some(
      (trusted) => trusted.toLowerCase().replace(/^@/, '') === domain,
    );
  }
}
